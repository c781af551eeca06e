#include <set>

#include <gtest/gtest.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include "http/api/documents.hpp"
#include "http/api/router.hpp"
#include "tests/http/api/world.hpp"

namespace tapedeck::http {
namespace {

Task<Result<void>> counted(int* runs) {
  ++*runs;
  co_return Result<void>();
}

class RoutesTest : public ::testing::Test {
 protected:
  World world{{"https://app.example.com"}};
};

TEST_F(RoutesTest, patterns_match_whole_segments) {
  std::string_view parameter;
  EXPECT_TRUE(matches("/api/recordings/{sid}/stream", "/api/recordings/CA1/stream", parameter));
  EXPECT_EQ(parameter, "CA1");
  for (const std::string_view path : {"/api/recordings//stream", "/api/recordings/CA1", "/api/recordings/CA1/stream/",
                                      "/api/recordings/CA1/x/stream", "api/recordings/CA1/stream", "", "/"}) {
    EXPECT_FALSE(matches("/api/recordings/{sid}/stream", path, parameter)) << path;
  }
}

TEST_F(RoutesTest, an_unknown_path_gets_404_and_an_unknown_method_405_with_allow) {
  for (const std::string_view path : {"/nothing", "/api", "/api/", "/api/calls/", "//", "/api/recordings"}) {
    EXPECT_EQ(world.send(TestRequest("GET", std::string(path))).status, 404U) << path;
  }
  const std::pair<std::string, std::string> table[] = {
      {"/api/calls", "GET, HEAD, OPTIONS"},
      {"/api/calls/" + sid_text("CA", 1), "PUT, OPTIONS"},
      {"/api/recordings/" + sid_text("CA", 1), "DELETE, OPTIONS"},
      {"/api/session", "GET, HEAD, POST, DELETE, OPTIONS"},
      {"/webhooks/twilio/acme/call", "POST, GET, OPTIONS"},
      {"/index.html", "GET, HEAD, OPTIONS"},
  };
  for (const auto& [path, allow] : table) {
    const TestAnswer answer = world.send(TestRequest("PATCH", path));
    EXPECT_EQ(answer.status, 405U) << path;
    EXPECT_EQ(answer.header("Allow"), allow) << path;
  }
}

TEST_F(RoutesTest, health_and_readiness_need_no_credentials) {
  EXPECT_EQ(world.send(TestRequest("GET", "/healthz")).status, 200U);
  EXPECT_EQ(world.send(TestRequest("GET", "/readyz")).body,
            R"({"status":"ready","checks":{"call_store":"ok","blob_store":"ok"}})");
  world.readiness = fail(Errc::kNoSpace, "/var/lib: disk full");
  const TestAnswer answer = world.send(TestRequest("GET", "/readyz"));
  EXPECT_EQ(answer.status, 503U);
  EXPECT_EQ(answer.body, R"({"status":"not ready","checks":{"call_store":"disk_full","blob_store":"ok"}})");
  EXPECT_EQ(world.send(TestRequest("GET", "/healthz")).status, 200U);
}

TEST_F(RoutesTest, only_an_operator_and_this_machine_learn_why_the_process_is_not_ready) {
  world.blob_readiness = fail(Errc::kUnavailable, "s3.internal: bucket calls");
  const std::string key = world.add_business("acme", 1);
  const auto look = [&](TestRequest request) { return world.send(request).body.contains("s3.internal"); };
  const auto get = [] { return TestRequest("GET", "/readyz"); };
  EXPECT_TRUE(look(get().from("127.0.0.1")));
  EXPECT_TRUE(look(get().from("::1")));
  EXPECT_TRUE(look(get().from("192.0.2.1").with_key(world.add_operator())));
  EXPECT_FALSE(look(get().from("192.0.2.1")));
  EXPECT_FALSE(look(get().from("192.0.2.1").with_key(key)));
  for (const std::string_view name : {"Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"}) {
    EXPECT_FALSE(look(get().from("127.0.0.1").with(name, "127.0.0.1"))) << name;
  }
}

TEST(RememberedCheck, runs_once_in_its_time) {
  VirtualClock clock;
  int runs = 0;
  RememberedCheck check([&runs]() -> Task<Result<void>> { return counted(&runs); }, clock);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(run_task(check.look()));
  EXPECT_EQ(runs, 1);
  clock.advance(kReadinessTtl);
  EXPECT_TRUE(run_task(check.look()));
  EXPECT_EQ(runs, 2);
}

TEST_F(RoutesTest, metrics_are_in_prometheus_format) {
  const TestAnswer answer = world.send(TestRequest("GET", "/metrics"));
  EXPECT_EQ(answer.header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(answer.body, "tapedeck_up 1\n");
}

TEST_F(RoutesTest, the_page_is_served_with_a_strict_policy) {
  for (const std::string_view path : {"/", "/index.html"}) {
    const TestAnswer answer = world.send(TestRequest("GET", std::string(path)));
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(answer.header("Content-Type"), "text/html; charset=utf-8");
    EXPECT_EQ(answer.header("Cache-Control"), "no-cache");
    const std::string policy = answer.header("Content-Security-Policy");
    EXPECT_TRUE(policy.starts_with("default-src 'self';")) << policy;
    EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
    EXPECT_EQ(policy.find("unsafe"), std::string::npos);
    EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(answer.header("Referrer-Policy"), "no-referrer");
    EXPECT_EQ(answer.header("Cross-Origin-Opener-Policy"), "same-origin");
  }
}

TEST_F(RoutesTest, a_hashed_file_is_kept_forever_and_revalidated_by_its_tag) {
  const TestAnswer answer = world.send(TestRequest("GET", "/assets/index-1a2b3c.js"));
  EXPECT_EQ(answer.header("Cache-Control"), "public, max-age=31536000, immutable");
  const TestAnswer again =
      world.send(TestRequest("GET", "/assets/index-1a2b3c.js").with("If-None-Match", answer.header("ETag")));
  EXPECT_EQ(again.status, 304U);
  EXPECT_TRUE(again.body.empty());
  EXPECT_EQ(world.send(TestRequest("GET", "/assets/../index.html")).status, 404U);
}

TEST_F(RoutesTest, an_allowed_origin_may_read_and_no_other) {
  const auto from = [&](std::string_view origin) {
    return world.send(TestRequest("GET", "/healthz").with("Origin", origin));
  };
  const TestAnswer allowed = from("https://app.example.com");
  EXPECT_EQ(allowed.header("Access-Control-Allow-Origin"), "https://app.example.com");
  for (const std::string_view name : {"Content-Range", "Accept-Ranges", "Content-Length", "ETag"}) {
    EXPECT_NE(allowed.header("Access-Control-Expose-Headers").find(name), std::string::npos) << name;
  }
  for (const std::string_view origin : {"https://app.example.com.evil.example", "http://app.example.com", "null",
                                        "https://APP.example.com", "https://app.example.com:443"}) {
    const TestAnswer refused = from(origin);
    EXPECT_EQ(refused.header("Access-Control-Allow-Origin"), "") << origin;
    EXPECT_EQ(refused.header("Access-Control-Allow-Credentials"), "") << origin;
    EXPECT_EQ(refused.header("Vary"), "Origin") << origin;
  }
  EXPECT_EQ(world.send(TestRequest("GET", "/healthz")).header("Vary"), "Origin");
}

TEST_F(RoutesTest, a_refusal_can_be_read_by_an_allowed_origin_too) {
  const TestAnswer answer = world.send(TestRequest("GET", "/api/calls").with("Origin", "https://app.example.com"));
  EXPECT_EQ(answer.status, 401U);
  EXPECT_EQ(answer.header("Access-Control-Allow-Origin"), "https://app.example.com");
}

TEST_F(RoutesTest, a_preflight_allows_what_the_path_has) {
  const std::string path = "/api/recordings/" + sid_text("CA", 1) + "/retry";
  TestRequest request("OPTIONS", path);
  request.with("Origin", "https://app.example.com").with("Access-Control-Request-Method", "POST");
  const TestAnswer answer = world.send(request);
  EXPECT_EQ(answer.status, 204U);
  EXPECT_EQ(answer.header("Access-Control-Allow-Methods"), "POST");
  for (const std::string_view name : {"Authorization", "X-Business-Id", "Range"}) {
    EXPECT_NE(answer.header("Access-Control-Allow-Headers").find(name), std::string::npos) << name;
  }
  TestRequest foreign("OPTIONS", path);
  foreign.with("Origin", "https://evil.example").with("Access-Control-Request-Method", "POST");
  EXPECT_EQ(world.send(foreign).header("Access-Control-Allow-Methods"), "");
  EXPECT_EQ(world.send(TestRequest("OPTIONS", "/nothing")).status, 404U);
}

TEST_F(RoutesTest, no_answer_depends_on_the_origin_if_none_is_allowed) {
  World plain;
  const TestAnswer answer = plain.send(TestRequest("GET", "/healthz").with("Origin", "https://app.example.com"));
  EXPECT_EQ(answer.header("Vary"), "");
  EXPECT_EQ(answer.header("Access-Control-Allow-Origin"), "");
}

// The name in a pattern's braces tells what its handler takes.
TEST_F(RoutesTest, every_pattern_names_the_parameter_of_its_handler) {
  const std::string_view names[] = {"", "{sid}", "{call_sid}", "{business_id}"};
  for (const Route& route : all_routes()) {
    const std::size_t begin = route.pattern.find('{');
    const std::string_view name =
        begin == std::string_view::npos ? "" : route.pattern.substr(begin, route.pattern.find('}') + 1 - begin);
    EXPECT_EQ(name, names[route.run.index()]) << route.pattern;
  }
}

TEST_F(RoutesTest, the_description_lists_exactly_the_routes) {
  std::set<std::string> described;
  const boost::json::value document = boost::json::parse({openapi_document().data(), openapi_document().size()});
  for (const auto& path : document.at("paths").as_object()) {
    for (const auto& operation : path.value().as_object()) {
      if (operation.key() == "parameters") continue;
      described.insert(std::string(operation.key()) + " " + std::string(path.key()));
    }
  }
  std::set<std::string> served{"get /openapi.json", "get /docs", "get /docs/problems"};
  for (const Route& route : all_routes()) {
    std::string method(boost::beast::http::to_string(route.method));
    for (char& c : method) c = static_cast<char>(std::tolower(c));
    served.insert(method + " " + std::string(route.pattern));
  }
  EXPECT_EQ(described, served);
}

TEST_F(RoutesTest, the_documents_name_every_route_and_every_problem) {
  const TestAnswer openapi = world.send(TestRequest("GET", "/openapi.json"));
  EXPECT_EQ(openapi.header("Content-Type"), "application/json");
  EXPECT_EQ(openapi.json().at("openapi").as_string(), "3.1.0");
  const TestAnswer docs = world.send(TestRequest("GET", "/docs"));
  EXPECT_EQ(docs.header("Content-Type"), "text/html; charset=utf-8");
  for (const Route& route : all_routes()) {
    EXPECT_NE(docs.body.find(std::string(route.pattern)), std::string::npos) << route.pattern;
  }
  EXPECT_NE(docs.body.find("<td><code>GET /api/queue</code></td><td>List what runs"), std::string::npos) << docs.body;
  const TestAnswer problems = world.send(TestRequest("GET", "/docs/problems"));
  for (const ProblemType& type : problem_types()) {
    EXPECT_NE(problems.body.find("id=\"" + std::string(type.slug) + "\""), std::string::npos) << type.slug;
  }
}

}  // namespace
}  // namespace tapedeck::http
