#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/http/api/world.hpp"

// Malformed input gets a 4xx problem that says what is expected, and changes nothing.

namespace tapedeck::http {
namespace {

class BadInputTest : public ::testing::Test {
 protected:
  BadInputTest() { world.add_call("acme", 1, 101); }

  void expect_refused(const TestRequest& request, unsigned status, std::string_view named) {
    const TestAnswer answer = world.send(request);
    const std::string what = fmt::format("{} {}", request.target(), request.body().substr(0, 200));
    EXPECT_EQ(answer.status, status) << what << "\n" << answer.body;
    EXPECT_EQ(answer.header("Content-Type"), "application/problem+json") << what;
    const boost::json::object body = answer.json();
    EXPECT_TRUE(body.at("type").as_string().starts_with("/docs/problems#")) << what;
    EXPECT_EQ(body.at("status").to_number<unsigned>(), status) << what;
    const std::string detail(body.at("detail").as_string());
    EXPECT_NE(detail.find("expected"), std::string::npos) << what << ": " << detail;
    EXPECT_NE(detail.find(named), std::string::npos) << what << ": " << detail;
    expect_unchanged();
  }
  void expect_unchanged() {
    EXPECT_EQ(world.run(world.rows.list_calls(business_id("acme"), {}))->calls.size(), 1U);
    ASSERT_EQ(world.rows.recordings().size(), 1U);
    EXPECT_EQ(world.rows.recordings().front().state, RecordingState::kRemote);
  }

  World world;
  std::string key = world.add_business("acme", 1);
};

const std::string kMalformedSids[] = {
    "x",
    "CA",
    "CA123",
    sid_text("CA", 1) + "0",
    sid_text("ca", 1),
    sid_text("AC", 1),
    sid_text("CA", 1).substr(0, 33) + "g",
    "CA0000000000000000000000000000%2F%2F",
    "..%2F..%2Fetc%2Fpasswd",
    "CA%00000000000000000000000000000001",
    "%F0%9F%8E%A7",
    std::string(2000, 'A'),
};

TEST_F(BadInputTest, every_malformed_sid_is_refused_on_every_route) {
  const std::pair<std::string_view, std::string_view> routes[] = {
      {"GET", "/api/recordings/{}/stream"}, {"HEAD", "/api/recordings/{}/stream"}, {"GET", "/api/recordings/{}/status"},
      {"POST", "/api/recordings/{}/retry"}, {"POST", "/api/recordings/{}/cancel"}, {"POST", "/api/recordings/{}/link"},
      {"DELETE", "/api/recordings/{}"},
  };
  for (const auto& [method, pattern] : routes) {
    for (const std::string& sid : kMalformedSids) {
      expect_refused(TestRequest(method, fmt::format(fmt::runtime(pattern), sid)).with_key(key), 400, "sid");
    }
  }
  for (const std::string& sid : kMalformedSids) {
    expect_refused(TestRequest("PUT", "/api/calls/" + sid).with_key(key).with_json("{}"), 400, "call_sid");
  }
  expect_refused(TestRequest("PUT", "/api/calls/" + sid_text("RE", 1)).with_key(key).with_json("{}"), 400, "call_sid");
}

TEST_F(BadInputTest, every_malformed_parameter_of_the_list_is_named) {
  const std::pair<std::string_view, std::string_view> table[] = {
      {"limit=0", "limit"},
      {"limit=201", "limit"},
      {"limit=-1", "limit"},
      {"limit=ten", "limit"},
      {"limit=1.5", "limit"},
      {"limit=99999999999999999999", "limit"},
      {"limit=5&limit=6", "limit"},
      {"cursor=1", "cursor"},
      {"cursor=..%2F", "cursor"},
      {"direction=sideways", "direction"},
      {"direction=Inbound", "direction"},
      {"since=yesterday", "since"},
      {"since=2026-13-01T00:00:00Z", "since"},
      {"until=1795435200", "until"},
      {"search=a%00b", "search"},
      {"search=%FF", "search"},
      {"search=%zz", "query"},
      {"%=1", "query"},
      {"business_id=a%20b", "business_id"},
  };
  for (const auto& [query, named] : table) {
    expect_refused(TestRequest("GET", fmt::format("/api/calls?{}", query)).with_key(key), 400, named);
  }
  expect_refused(TestRequest("GET", "/api/calls?search=" + std::string(101, 'a')).with_key(key), 400, "search");
  std::string many = "/api/calls?";
  for (int i = 0; i < 300; ++i) many += "a=1&";
  expect_refused(TestRequest("GET", many).with_key(key), 400, "query");
}

TEST_F(BadInputTest, every_other_malformed_parameter_is_named) {
  const std::string sid = sid_text("CA", 1);
  const std::pair<std::string, std::string_view> table[] = {
      {"/api/queue?limit=0", "limit"},
      {"/api/queue?limit=many", "limit"},
      {"/api/recordings/" + sid + "/stream?download=maybe", "download"},
      {"/api/recordings/" + sid + "/stream?download=1&download=1", "download"},
  };
  for (const auto& [target, named] : table) expect_refused(TestRequest("GET", target).with_key(key), 400, named);
}

TEST_F(BadInputTest, every_malformed_link_is_named) {
  const std::string path = "/api/recordings/" + sid_text("CA", 1) + "/stream?";
  const std::pair<std::string, std::string_view> table[] = {
      {"sig=", "sig"},
      {"sig=" + std::string(600, 'a'), "sig"},
      {"sig=abc", "exp"},
      {"sig=abc&exp=", "exp"},
      {"sig=abc&exp=soon", "exp"},
      {"sig=abc&exp=99999999999999999999", "exp"},
      {"sig=abc&exp=1", "business_id"},
      {"sig=abc&exp=1&business_id=a%20b", "business_id"},
  };
  for (const auto& [query, named] : table) expect_refused(TestRequest("GET", path + query), 400, named);
}

TEST_F(BadInputTest, every_malformed_body_of_a_call_is_named) {
  const std::string recording = fmt::format(R"("sid":"{}")", sid_text("RE", 9));
  std::string deep = "1";
  for (int i = 0; i < 100; ++i) deep = "[" + deep + "]";
  const std::pair<std::string, std::string_view> table[] = {
      {"", "body"},
      {"{", "body"},
      {"[]", "body"},
      {"null", "body"},
      {"\"text\"", "body"},
      {"{} {}", "body"},
      {"{\"from\":\"\xFF\"}", "body"},
      {R"({"a":)" + deep + "}", "body"},
      {R"({"from":1})", "from"},
      {R"({"from":"a\u0000b"})", "from"},
      {R"({"to":"a\nb"})", "to"},
      {R"({"to":")" + std::string(257, 'a') + R"("})", "to"},
      {R"({"direction":"up"})", "direction"},
      {R"({"direction":true})", "direction"},
      {R"({"started_at":"today"})", "started_at"},
      {R"({"started_at":1795435200})", "started_at"},
      {R"({"duration":-1})", "duration"},
      {R"({"duration":"42"})", "duration"},
      {R"({"duration":4.5})", "duration"},
      {R"({"duration":18446744073709551615})", "duration"},
      {R"({"recording":"RE"})", "recording"},
      {R"({"recording":[]})", "recording"},
      {R"({"recording":{}})", "recording.sid"},
      {R"({"recording":{"sid":"RE1"}})", "recording.sid"},
      {R"({"recording":{"sid":5}})", "recording.sid"},
      {R"({"recording":{)" + recording + R"(,"account_sid":"AC1"}})", "recording.account_sid"},
      {R"({"recording":{)" + recording + R"(,"duration":"x"}})", "recording.duration"},
  };
  for (const auto& [body, named] : table) {
    expect_refused(TestRequest("PUT", "/api/calls/" + sid_text("CA", 7)).with_key(key).with_json(body), 400, named);
  }
}

TEST_F(BadInputTest, a_body_of_another_type_or_too_large_is_refused) {
  const std::string target = "/api/calls/" + sid_text("CA", 7);
  TestRequest form("PUT", target, "{}");
  form.with_key(key).with("Content-Type", "application/x-www-form-urlencoded");
  expect_refused(form, 415, "Content-Type");
  const std::string large = R"({"from":")" + std::string(70'000, 'a') + "\"}";
  expect_refused(TestRequest("PUT", target).with_key(key).with_json(large), 413, "body");
}

TEST_F(BadInputTest, every_malformed_body_of_a_link_is_named) {
  const std::pair<std::string_view, std::string_view> table[] = {
      {R"({"expires_in":0})", "expires_in"},
      {R"({"expires_in":604801})", "expires_in"},
      {R"({"expires_in":"60"})", "expires_in"},
      {"nonsense", "body"},
  };
  for (const auto& [body, named] : table) {
    expect_refused(TestRequest("POST", "/api/recordings/" + sid_text("CA", 1) + "/link")
                       .with_key(key)
                       .with_json(std::string(body)),
                   400, named);
  }
}

TEST_F(BadInputTest, every_malformed_key_is_refused_with_what_is_expected) {
  const std::string values[] = {"Bearer",
                                "Bearer ",
                                "Bearer tdk_",
                                "Bearer " + key + "x",
                                "Bearer\t" + key,
                                "Basic dXNlcjpwYXNz",
                                key,
                                "Bearer " + std::string(9000, 'a')};
  for (const std::string& value : values) {
    expect_refused(TestRequest("GET", "/api/calls").with("Authorization", value), 401, "tdk_");
  }
}

TEST_F(BadInputTest, every_malformed_cookie_is_refused) {
  for (const std::string& value : {std::string("x"), std::string("1.acme.1.2.3"), std::string("......"),
                                   std::string(5000, '.'), std::string("1.acme.1.99999999999.n.")}) {
    const TestAnswer answer =
        world.send(TestRequest("GET", "/api/calls").with("Cookie", "__Host-tapedeck_session=" + value));
    EXPECT_EQ(answer.status, 401U) << value;
  }
}

TEST_F(BadInputTest, a_business_header_that_comes_twice_is_refused) {
  const std::string operator_key = world.add_operator();
  expect_refused(TestRequest("GET", "/api/calls")
                     .with_key(operator_key)
                     .with("X-Business-Id", "acme")
                     .with("X-Business-Id", "birch"),
                 400, "X-Business-Id");
}

TEST_F(BadInputTest, a_malformed_business_header_is_named) {
  const std::string operator_key = world.add_operator();
  for (const std::string_view value : {"a b", "../acme", "acme;drop", "\xFF"}) {
    expect_refused(TestRequest("GET", "/api/calls").with_key(operator_key).with("X-Business-Id", value), 400,
                   "X-Business-Id");
    expect_refused(TestRequest("GET", "/api/calls").with_key(key).with("X-Business-Id", value), 400, "X-Business-Id");
  }
}

TEST_F(BadInputTest, every_malformed_sign_in_is_named) {
  const std::pair<std::string_view, std::string_view> table[] = {
      {"", "body"}, {"{}", "key"}, {R"({"key":5})", "key"}, {R"({"key":null})", "key"}, {"[1]", "body"}};
  for (const auto& [body, named] : table) {
    expect_refused(TestRequest("POST", "/api/session").with_json(std::string(body)), 400, named);
  }
  expect_refused(TestRequest("POST", "/api/session", R"({"key":"x"})"), 415, "Content-Type");
  expect_refused(TestRequest("POST", "/api/session").with_json(R"({"key":"tdk_wrong"})"), 401, "tdk_");
  expect_refused(TestRequest("GET", "/login"), 400, "token");
  expect_refused(TestRequest("GET", "/login?token=" + std::string(600, 'a')), 400, "token");
}

TEST_F(BadInputTest, an_escape_in_the_path_that_is_broken_is_named) {
  expect_refused(TestRequest("GET", "/api/recordings/%zz/stream").with_key(key), 400, "path");
}

TEST_F(BadInputTest, an_unknown_field_is_tolerated) {
  const TestAnswer answer = world.send(TestRequest("PUT", "/api/calls/" + sid_text("CA", 1))
                                           .with_key(key)
                                           .with_json(R"({"from":null,"agent":{"name":"Zoë"},"tags":[1,2]})"));
  EXPECT_EQ(answer.status, 204U);
  EXPECT_EQ(world.get("/api/calls?_=1795435200", key).status, 200U);
}

}  // namespace
}  // namespace tapedeck::http
