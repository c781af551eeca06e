#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/http/api/world.hpp"

namespace tapedeck::http {
namespace {

class SessionTest : public ::testing::Test {
 protected:
  std::string login_token(LoginGrant grant) { return world.run(world.access.create_login(std::move(grant))).value(); }
  TestAnswer follow(const std::string& token) { return world.send(TestRequest("GET", "/login?token=" + token)); }

  World world;
  std::string key = world.add_business("acme", 1);
};

TEST_F(SessionTest, a_key_opens_a_session_whose_cookie_is_for_this_page_alone) {
  const TestAnswer answer = world.send(TestRequest("POST", "/api/session").with_json(R"({"key":")" + key + "\"}"));
  EXPECT_EQ(answer.status, 204U);
  const std::string cookie = answer.header("Set-Cookie");
  EXPECT_TRUE(cookie.starts_with("__Host-tapedeck_session=")) << cookie;
  EXPECT_NE(cookie.find("; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200; Secure"), std::string::npos) << cookie;
  EXPECT_EQ(cookie.find(key), std::string::npos);
}

TEST_F(SessionTest, a_session_of_a_business_names_it) {
  const TestAnswer answer = world.send(TestRequest("GET", "/api/session").with("Cookie", world.session_of(key)));
  const boost::json::object body = answer.json();
  EXPECT_EQ(body.at("business_id").as_string(), "acme");
  EXPECT_FALSE(body.at("operator").as_bool());
  EXPECT_EQ(body.at("businesses").as_array().size(), 1U);
  EXPECT_GE(body.at("csrf_token").as_string().size(), 32U);
  EXPECT_EQ(answer.header("Cache-Control"), "no-store");
}

TEST_F(SessionTest, an_operators_session_lists_the_businesses) {
  (void)world.add_business("birch", 2);
  const std::string operator_key = world.add_operator();
  const boost::json::object body = world.get("/api/session", operator_key).json();
  EXPECT_TRUE(body.at("operator").as_bool());
  EXPECT_TRUE(body.at("business_id").is_null());
  EXPECT_EQ(body.at("businesses").as_array(), boost::json::array({"acme", "birch"}));
}

TEST_F(SessionTest, signing_out_ends_the_session_and_removes_the_cookie) {
  const std::string cookie = world.session_of(key);
  const std::string csrf = world.csrf_of(cookie);
  EXPECT_EQ(world.send(TestRequest("DELETE", "/api/session").with("Cookie", cookie)).status, 403U);
  const TestAnswer answer =
      world.send(TestRequest("DELETE", "/api/session").with("Cookie", cookie).with("X-CSRF-Token", csrf));
  EXPECT_EQ(answer.status, 204U);
  EXPECT_TRUE(answer.header("Set-Cookie").starts_with("__Host-tapedeck_session=; Path=/;"));
  EXPECT_NE(answer.header("Set-Cookie").find("Max-Age=0"), std::string::npos);
  EXPECT_EQ(answer.header("Clear-Site-Data"), "\"cache\"");
  EXPECT_EQ(world.send(TestRequest("GET", "/api/calls").with("Cookie", cookie)).status, 401U);
}

TEST_F(SessionTest, the_audit_says_who_signed_in_and_out) {
  const std::string cookie = world.session_of(key);
  (void)world.send(
      TestRequest("DELETE", "/api/session").with("Cookie", cookie).with("X-CSRF-Token", world.csrf_of(cookie)));
  (void)follow(login_token({.business = business_id("acme"), .key_id = 1}));
  (void)follow(login_token({}));
  ASSERT_TRUE(world.run(world.audit.flush()));
  std::vector<std::string> lines;
  for (const AuditEntry& entry : world.rows.audit()) {
    lines.push_back(fmt::format("{} {} {} {}", entry.business.view(), entry.actor, entry.action, entry.detail));
  }
  EXPECT_EQ(lines,
            (std::vector<std::string>{"acme session:1 sign_in key:1", "acme session:1 sign_out ",
                                      "acme session:2 sign_in login link of key:1", " session:3 sign_in login link"}));
}

TEST_F(SessionTest, a_login_link_works_once) {
  const std::string token = login_token({.business = business_id("acme"), .key_id = 1});
  const TestAnswer first = follow(token);
  EXPECT_EQ(first.status, 303U);
  EXPECT_EQ(first.header("Location"), "/");
  EXPECT_TRUE(first.header("Set-Cookie").starts_with("__Host-tapedeck_session="));
  const TestAnswer second = follow(token);
  EXPECT_EQ(second.status, 401U);
  EXPECT_EQ(second.header("Set-Cookie"), "");
  EXPECT_EQ(second.body.find(token), std::string::npos);
}

TEST_F(SessionTest, a_used_login_link_brings_its_owner_back_to_the_page) {
  const std::string token = login_token({.business = business_id("acme"), .key_id = 0});
  const std::string set_cookie = follow(token).header("Set-Cookie");
  const std::string cookie = set_cookie.substr(0, set_cookie.find(';'));
  const TestAnswer again = world.send(TestRequest("GET", "/login?token=" + token).with("Cookie", cookie));
  EXPECT_EQ(again.status, 303U);
  EXPECT_EQ(again.header("Set-Cookie"), "");
}

TEST_F(SessionTest, a_used_login_link_leads_a_browser_to_the_page_and_tells_a_program_why) {
  const std::string token = login_token({.business = business_id("acme"), .key_id = 1});
  EXPECT_EQ(follow(token).status, 303U);
  const TestAnswer page =
      world.send(TestRequest("GET", "/login?token=" + token).with("Accept", "text/html,application/xhtml+xml"));
  EXPECT_EQ(page.status, 303U);
  EXPECT_EQ(page.header("Location"), "/?login=failed");
  EXPECT_EQ(page.header("Set-Cookie"), "");
  EXPECT_EQ(follow(token).status, 401U);
}

TEST_F(SessionTest, a_login_link_expires) {
  const std::string token = login_token({.business = business_id("acme"), .key_id = 0});
  world.clock.advance(kLoginTtl);
  EXPECT_EQ(follow(token).status, 401U);
}

TEST_F(SessionTest, a_prefetch_or_a_head_does_not_use_a_login_link_up) {
  const std::string token = login_token({.business = business_id("acme"), .key_id = 0});
  EXPECT_EQ(world.send(TestRequest("GET", "/login?token=" + token).with("Sec-Purpose", "prefetch")).status, 403U);
  EXPECT_EQ(world.send(TestRequest("HEAD", "/login?token=" + token)).status, 405U);
  EXPECT_EQ(follow(token).status, 303U);
}

TEST_F(SessionTest, a_login_without_a_key_opens_an_operators_session) {
  const std::string set_cookie = follow(login_token({})).header("Set-Cookie");
  const std::string cookie = set_cookie.substr(0, set_cookie.find(';'));
  const TestAnswer answer = world.send(TestRequest("GET", "/api/session").with("Cookie", cookie));
  EXPECT_TRUE(answer.json().at("operator").as_bool());
}

TEST_F(SessionTest, a_session_expires) {
  const std::string cookie = world.session_of(key);
  world.clock.advance(kSessionIdle);
  EXPECT_EQ(world.send(TestRequest("GET", "/api/calls").with("Cookie", cookie)).status, 200U);
  world.clock.advance(kSessionIdle + Seconds{1});
  EXPECT_EQ(world.send(TestRequest("GET", "/api/calls").with("Cookie", cookie)).status, 401U);
}

TEST_F(SessionTest, no_part_of_a_cookie_may_be_changed) {
  const std::string cookie = world.session_of(key);
  for (std::size_t i = std::string_view("__Host-tapedeck_session=").size(); i < cookie.size(); ++i) {
    std::string changed = cookie;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(world.send(TestRequest("GET", "/api/calls").with("Cookie", changed)).status, 401U) << i;
  }
}

}  // namespace
}  // namespace tapedeck::http
