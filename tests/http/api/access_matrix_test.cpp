#include <set>
#include <span>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "domain/api_key.hpp"
#include "http/api/router.hpp"
#include "tests/http/api/world.hpp"

// Every route, every kind of credential, three businesses. A recording of another business must look exactly like one
// that does not exist, byte for byte apart from the SID that the caller sent. A new route needs a row here.

namespace tapedeck::http {
namespace {

// A route's row: who may use it, and the answer that proves it.
struct RouteCase {
  std::string_view method;
  std::string_view pattern;
  Needs needs;
  std::string_view body;
  unsigned status;  // of the owner, for a remote recording; in kOpenRoutes of a stranger
};

constexpr RouteCase kSidRoutes[] = {
    {"GET", "/api/recordings/{sid}/stream", Needs::kBusinessOrLink, "", 202},
    {"HEAD", "/api/recordings/{sid}/stream", Needs::kBusinessOrLink, "", 202},
    {"GET", "/api/recordings/{sid}/status", Needs::kBusiness, "", 200},
    {"POST", "/api/recordings/{sid}/retry", Needs::kBusiness, "", 202},
    {"POST", "/api/recordings/{sid}/cancel", Needs::kBusiness, "", 200},
    {"POST", "/api/recordings/{sid}/link", Needs::kBusiness, "", 200},
    {"POST", "/api/recordings/{sid}/hold", Needs::kBusiness, R"({"reason":"case 4711"})", 200},
    {"DELETE", "/api/recordings/{sid}/hold", Needs::kBusiness, "", 204},
    {"GET", "/api/recordings/{sid}/peaks", Needs::kBusinessOrLink, "", 202},
    {"HEAD", "/api/recordings/{sid}/peaks", Needs::kBusinessOrLink, "", 202},
    {"DELETE", "/api/recordings/{sid}", Needs::kBusiness, "", 204},
};

constexpr RouteCase kBusinessRoutes[] = {
    {"GET", "/api/calls", Needs::kBusiness, "", 200},
    {"GET", "/api/queue", Needs::kBusiness, "", 200},
    {"PUT", "/api/calls/{call_sid}", Needs::kBusiness, R"({"from":"+14155550123"})", 201},
};

constexpr RouteCase kOpenRoutes[] = {
    {"GET", "/api/session", Needs::kCaller, "", 401},
    {"POST", "/api/session", Needs::kNothing, "{}", 400},
    {"DELETE", "/api/session", Needs::kCaller, "", 401},
    {"GET", "/login", Needs::kNothing, "", 400},
    {"POST", "/webhooks/twilio/{business_id}/recording", Needs::kNothing, "", 403},
    {"GET", "/webhooks/twilio/{business_id}/recording", Needs::kNothing, "", 403},
    {"POST", "/webhooks/twilio/{business_id}/call", Needs::kNothing, "", 403},
    {"GET", "/webhooks/twilio/{business_id}/call", Needs::kNothing, "", 403},
    {"GET", "/healthz", Needs::kNothing, "", 200},
    {"GET", "/readyz", Needs::kNothing, "", 200},
    {"GET", "/metrics", Needs::kNothing, "", 200},
};

constexpr std::string_view kNames[] = {"acme", "birch", "cedar"};

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

class AccessMatrixTest : public ::testing::Test {
 protected:
  AccessMatrixTest() {
    for (int i = 0; i < 3; ++i) {
      keys[i] = world.add_business(kNames[i], i + 1);
      world.add_call(kNames[i], i + 1, 100 + i + 1);
    }
    operator_key = world.add_operator();
    revoked_key = world.run(world.access.create_key(business_id("acme"), "revoked")).value();
    revoked_session = world.session_of(revoked_key);
    revoked_csrf = world.csrf_of(revoked_session);
    const auto listed = world.run(world.rows.list_keys()).value();
    EXPECT_TRUE(world.run(world.access.revoke_key(listed.back().id)).has_value());
  }

  static std::string own_sid(int business) { return sid_text("CA", business + 1); }
  static std::string absent_sid() { return sid_text("CA", 0xdead); }
  static std::string target(const RouteCase& route, std::string_view sid) {
    const std::string with_sid = replaced(std::string(route.pattern), "{sid}", sid);
    return replaced(replaced(with_sid, "{call_sid}", sid_text("CA", 0x777)), "{business_id}", "acme");
  }
  static TestRequest request(const RouteCase& route, std::string_view sid) {
    return TestRequest(route.method, target(route, sid), std::string(route.body));
  }
  [[nodiscard]] std::string state_of_everything() {
    std::string text;
    for (const Recording& row : world.rows.recordings()) {
      text += fmt::format("{} {} {}\n", row.business.view(), row.recording.view(), state_name(row.state));
    }
    for (const std::string_view name : kNames) {
      CallQuery query;
      text += fmt::format("{} calls\n", world.run(world.rows.list_calls(business_id(name), query))->calls.size());
      const QueueState view = world.run(world.slots.view(business_id(name), 100)).value();
      text += fmt::format("{} {} {}\n", view.active, view.waiting_play, view.waiting_fetch);
    }
    return text;
  }

  World world;
  std::string keys[3];
  std::string operator_key;
  std::string revoked_key;
  std::string revoked_session;
  std::string revoked_csrf;
};

TEST_F(AccessMatrixTest, every_route_has_a_row_with_its_needs) {
  std::set<std::string> rows;
  const auto add = [](std::set<std::string>& to, std::string_view method, std::string_view pattern, Needs needs) {
    to.insert(fmt::format("{} {} {}", method, pattern, static_cast<int>(needs)));
  };
  for (const std::span<const RouteCase> cases :
       {std::span<const RouteCase>(kSidRoutes), std::span<const RouteCase>(kBusinessRoutes),
        std::span<const RouteCase>(kOpenRoutes)}) {
    for (const RouteCase& row : cases) {
      if (row.method != "HEAD") add(rows, row.method, row.pattern, row.needs);
    }
  }
  std::set<std::string> routes;
  for (const Route& route : all_routes()) {
    const auto method = boost::beast::http::to_string(route.method);
    add(routes, {method.data(), method.size()}, route.pattern, route.needs);
  }
  EXPECT_EQ(rows, routes);
}

TEST_F(AccessMatrixTest, a_stranger_reaches_open_routes_only) {
  for (const RouteCase& route : kOpenRoutes) {
    TestRequest built(route.method, target(route, ""));
    if (!route.body.empty()) built.with_json(std::string(route.body));
    EXPECT_EQ(world.send(built).status, route.status) << route.method << " " << route.pattern;
  }
}

TEST_F(AccessMatrixTest, every_route_refuses_wrong_credentials_with_the_same_401_and_changes_nothing) {
  const std::string before = state_of_everything();
  const std::string wrong_key = make_api_key(std::string(kApiKeyBytes, 'w'));
  using Dress = std::function<void(TestRequest&)>;
  const std::pair<std::string_view, Dress> dresses[] = {
      {"none", [](TestRequest&) {}},
      {"wrong key", [&](TestRequest& r) { r.with_key(wrong_key); }},
      {"malformed key", [](TestRequest& r) { r.with_key("tdk_short"); }},
      {"another scheme", [&](TestRequest& r) { r.with("Authorization", "Basic " + keys[0]); }},
      {"revoked key", [&](TestRequest& r) { r.with_key(revoked_key); }},
      {"forged session", [](TestRequest& r) { r.with("Cookie", "__Host-tapedeck_session=token.mac"); }},
      {"revoked session",
       [&](TestRequest& r) { r.with("Cookie", revoked_session).with("X-CSRF-Token", revoked_csrf); }},
      {"wrong key beside a good session",
       [&](TestRequest& r) { r.with_key(wrong_key).with("Cookie", world.session_of(keys[0])); }},
  };
  for (const auto& [name, dress] : dresses) {
    const auto check = [&, dress_name = name, &put_on = dress](const RouteCase& route, const std::string& sid) {
      TestRequest built = request(route, sid);
      put_on(built);
      const TestAnswer answer = world.send(built);
      EXPECT_EQ(answer.status, 401U) << dress_name << " " << route.method << " " << route.pattern;
      EXPECT_EQ(answer.header("WWW-Authenticate"), "Bearer realm=\"tapedeck\"");
      return answer;
    };
    for (const RouteCase& route : kSidRoutes) {
      const TestAnswer real = check(route, own_sid(0));
      const TestAnswer absent = check(route, absent_sid());
      EXPECT_EQ(replaced(real.whole(), own_sid(0), "SID"), replaced(absent.whole(), absent_sid(), "SID"));
    }
    for (const RouteCase& route : kBusinessRoutes) (void)check(route, "");
  }
  EXPECT_EQ(state_of_everything(), before);
}

TEST_F(AccessMatrixTest, a_recording_of_another_business_looks_exactly_like_one_that_does_not_exist) {
  for (int caller = 0; caller < 3; ++caller) {
    const std::string cookie = world.session_of(keys[caller]);
    const std::string csrf = world.csrf_of(cookie);
    for (int owner = 0; owner < 3; ++owner) {
      if (owner == caller) continue;
      for (const RouteCase& route : kSidRoutes) {
        for (const std::string& foreign : {own_sid(owner), sid_text("RE", 100 + owner + 1)}) {
          const std::string absent = sid_text(foreign.substr(0, 2), 0xdead);
          const std::string before = state_of_everything();
          const TestAnswer by_key[] = {world.send(request(route, foreign).with_key(keys[caller])),
                                       world.send(request(route, absent).with_key(keys[caller]))};
          const TestAnswer by_session[] = {
              world.send(request(route, foreign).with("Cookie", cookie).with("X-CSRF-Token", csrf)),
              world.send(request(route, absent).with("Cookie", cookie).with("X-CSRF-Token", csrf))};
          EXPECT_EQ(by_key[0].status, 404U) << route.method << " " << route.pattern;
          EXPECT_EQ(replaced(by_key[0].whole(), foreign, "SID"), replaced(by_key[1].whole(), absent, "SID"));
          EXPECT_EQ(replaced(by_session[0].whole(), foreign, "SID"), replaced(by_session[1].whole(), absent, "SID"));
          EXPECT_EQ(state_of_everything(), before);
        }
      }
    }
  }
  EXPECT_TRUE(world.run(world.audit.flush()).has_value());
  for (const AuditEntry& entry : world.rows.audit()) EXPECT_EQ(entry.action, "sign_in");
}

TEST_F(AccessMatrixTest, a_hot_recording_of_another_business_stays_hidden) {
  world.store("birch", own_sid(1), "ID3-secret");
  const RouteCase& stream = kSidRoutes[0];
  EXPECT_EQ(world.send(request(stream, own_sid(1)).with_key(keys[1])).body, "ID3-secret");
  (void)world.send(request(stream, own_sid(0)).with_key(keys[0]));  // its key is cached now
  const TestAnswer foreign = world.send(request(stream, own_sid(1)).with_key(keys[0]));
  const TestAnswer absent = world.send(request(stream, absent_sid()).with_key(keys[0]));
  EXPECT_EQ(foreign.status, 404U);
  EXPECT_EQ(replaced(foreign.whole(), own_sid(1), "SID"), replaced(absent.whole(), absent_sid(), "SID"));
}

TEST_F(AccessMatrixTest, naming_another_business_is_refused_whether_or_not_it_exists) {
  for (const RouteCase& route : kSidRoutes) {
    const auto send_as = [&](std::string_view business) {
      return world.send(request(route, own_sid(1)).with_key(keys[0]).with("X-Business-Id", business));
    };
    EXPECT_EQ(send_as("birch").status, 403U) << route.pattern;
    EXPECT_EQ(send_as("birch").whole(), send_as("nobody").whole());
  }
  for (const RouteCase& route : kBusinessRoutes) {
    const TestAnswer answer = world.send(request(route, "").with_key(keys[0]).with("X-Business-Id", "birch"));
    EXPECT_EQ(answer.status, 403U) << route.pattern;
  }
  EXPECT_EQ(world.get("/api/calls?business_id=birch", keys[0]).status, 403U);
}

TEST_F(AccessMatrixTest, a_caller_may_name_its_own_business) {
  EXPECT_EQ(world.send(TestRequest("GET", "/api/calls").with_key(keys[0]).with("X-Business-Id", "acme")).status, 200U);
  EXPECT_EQ(world.get("/api/calls?business_id=acme", keys[0]).status, 200U);
}

TEST_F(AccessMatrixTest, a_list_shows_the_callers_own_calls_only) {
  for (int i = 0; i < 3; ++i) {
    const boost::json::array calls = world.get("/api/calls", keys[i]).json().at("calls").as_array();
    ASSERT_EQ(calls.size(), 1U);
    EXPECT_EQ(calls[0].at("call_sid").as_string(), own_sid(i));
  }
}

TEST_F(AccessMatrixTest, a_queue_shows_the_callers_own_recordings_only) {
  for (int i = 0; i < 3; ++i) (void)world.send(request(kSidRoutes[0], own_sid(i)).with_key(keys[i]));
  for (int i = 0; i < 3; ++i) {
    const TestAnswer answer = world.get("/api/queue", keys[i]);
    EXPECT_EQ(answer.json().at("active").as_array().size(), 1U);
    EXPECT_NE(answer.body.find(own_sid(i)), std::string::npos);
  }
}

TEST_F(AccessMatrixTest, every_owner_may_do_everything_with_its_own_recordings) {
  for (int i = 0; i < 3; ++i) {
    for (const RouteCase& route : kSidRoutes) {
      if (route.pattern.ends_with("/cancel")) {
        // A cancel needs something that waits: fill the slots with others first.
        for (int filler = 1; filler <= 3; ++filler) {
          world.add_call(kNames[i], 1000 * (i + 1) + filler, 5000 * (i + 1) + filler);
          const std::string sid = sid_text("CA", 1000 * (i + 1) + filler);
          (void)world.send(request(kSidRoutes[0], sid).with_key(keys[i]));
        }
        (void)world.send(request(kSidRoutes[0], own_sid(i)).with_key(keys[i]));
      }
      const TestAnswer answer = world.send(request(route, own_sid(i)).with_key(keys[i]));
      EXPECT_EQ(answer.status, route.status) << route.method << " " << route.pattern << " " << answer.body;
    }
    for (const RouteCase& route : kBusinessRoutes) {
      EXPECT_EQ(world.send(request(route, "").with_key(keys[i])).status, route.status) << route.pattern;
    }
  }
}

TEST_F(AccessMatrixTest, an_operator_must_name_the_business_and_acts_for_it) {
  for (const RouteCase& route : kSidRoutes) {
    EXPECT_EQ(world.send(request(route, own_sid(0)).with_key(operator_key)).status, 400U) << route.pattern;
    const auto send_for = [&](std::string_view business, std::string_view sid) {
      return world.send(request(route, sid).with_key(operator_key).with("X-Business-Id", business));
    };
    EXPECT_EQ(send_for("nobody", own_sid(0)).status, 404U) << route.pattern;
    EXPECT_EQ(send_for("birch", own_sid(0)).status, 404U) << route.pattern;
  }
  const TestAnswer by_header =
      world.send(request(kSidRoutes[2], own_sid(1)).with_key(operator_key).with("X-Business-Id", "birch"));
  EXPECT_EQ(by_header.status, 200U);
  EXPECT_EQ(world.get("/api/recordings/" + own_sid(1) + "/status?business_id=birch", operator_key).status, 200U);
  EXPECT_EQ(
      world
          .send(TestRequest("GET", "/api/calls?business_id=acme").with_key(operator_key).with("X-Business-Id", "birch"))
          .status,
      400U);
}

class LinkMatrixTest : public AccessMatrixTest {
 protected:
  // The query of a link to a business's own recording.
  std::string link_query(int business) {
    const TestAnswer answer = world.send(request(kSidRoutes[5], own_sid(business)).with_key(keys[business]));
    const std::string url(answer.json().at("url").as_string());
    return url.substr(url.find('?'));
  }
};

TEST_F(LinkMatrixTest, a_link_opens_its_own_stream_and_nothing_else) {
  const std::string query = link_query(0);
  for (const RouteCase& route : kSidRoutes) {
    const auto linked = [&](const std::string& sid) { return TestRequest(route.method, target(route, sid) + query); };
    EXPECT_EQ(world.send(linked(own_sid(0))).status, route.needs == Needs::kBusinessOrLink ? 202U : 401U)
        << route.method << " " << route.pattern;
    for (const std::string& other : {own_sid(1), sid_text("RE", 101), absent_sid()}) {
      EXPECT_EQ(world.send(linked(other)).status, 401U) << route.method << other;
    }
  }
  for (const RouteCase& route : kBusinessRoutes) {
    EXPECT_EQ(world.send(TestRequest(route.method, target(route, "") + query)).status, 401U);
  }
}

TEST_F(LinkMatrixTest, a_link_is_signed_for_its_business_and_its_time) {
  const std::string query = link_query(0);
  const std::string path = "/api/recordings/" + own_sid(0) + "/stream";
  EXPECT_EQ(world.send(TestRequest("GET", path + replaced(query, "acme", "birch"))).status, 401U);
  EXPECT_EQ(world.send(TestRequest("GET", path + replaced(query, "exp=1", "exp=2"))).status, 401U);
}

TEST_F(AccessMatrixTest, a_session_that_changes_something_must_show_its_token) {
  const std::string cookie = world.session_of(keys[0]);
  const std::string csrf = world.csrf_of(cookie);
  const std::string other_csrf = world.csrf_of(world.session_of(keys[0]));
  for (const RouteCase& route : kSidRoutes) {
    if (route.method == "GET" || route.method == "HEAD") continue;
    const std::string before = state_of_everything();
    const TestAnswer without = world.send(request(route, own_sid(0)).with("Cookie", cookie));
    EXPECT_EQ(without.status, 403U) << route.pattern;
    EXPECT_EQ(without.json().at("type").as_string(), "/docs/problems#csrf");
    const TestAnswer wrong =
        world.send(request(route, own_sid(0)).with("Cookie", cookie).with("X-CSRF-Token", other_csrf));
    EXPECT_EQ(wrong.status, 403U) << route.pattern;
    EXPECT_EQ(state_of_everything(), before);
  }
  const TestAnswer retried = world.send(
      request(kSidRoutes[3], own_sid(0)).with("Cookie", "theme=dark; " + cookie + "; a=b").with("X-CSRF-Token", csrf));
  EXPECT_EQ(retried.status, 202U);
}

TEST_F(AccessMatrixTest, a_revoked_key_ends_its_session_in_another_process_within_seconds) {
  const std::string cookie = world.session_of(keys[0]);
  EXPECT_EQ(world.send(TestRequest("GET", "/api/calls").with("Cookie", cookie)).status, 200U);
  EXPECT_EQ(world.get("/api/calls", keys[0]).status, 200U);
  const auto listed = world.run(world.rows.list_keys()).value();
  ASSERT_TRUE(world.run(world.rows.revoke_key(listed.front().id, world.clock.system_now())).has_value());
  world.clock.advance(kKeyCacheTtl);
  EXPECT_EQ(world.send(TestRequest("GET", "/api/calls").with("Cookie", cookie)).status, 401U);
  EXPECT_EQ(world.get("/api/calls", keys[0]).status, 401U);
}

}  // namespace
}  // namespace tapedeck::http
