#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/http/api/world.hpp"

namespace tapedeck::http {
namespace {

class CallsTest : public ::testing::Test {
 protected:
  TestAnswer put(int call, std::string body, std::string_view with_key) {
    return world.send(
        TestRequest("PUT", "/api/calls/" + sid_text("CA", call)).with_key(with_key).with_json(std::move(body)));
  }
  TestAnswer put(int call, std::string body) { return put(call, std::move(body), key); }
  boost::json::array list(const std::string& query = {}) {
    return world.get("/api/calls" + query, key).json().at("calls").as_array();
  }

  World world;
  std::string key = world.add_business("acme", 1);
};

TEST_F(CallsTest, a_put_creates_a_call_then_changes_it) {
  const std::string body = fmt::format(
      R"({{"from":"+14155550100","to":"+14155550101","direction":"inbound","started_at":"2026-11-23T12:00:00Z",)"
      R"("duration":42,"recording":{{"sid":"{}","account_sid":"{}","duration":41}}}})",
      sid_text("RE", 9), sid_text("AC", 1));
  EXPECT_EQ(put(1, body).status, 201U);
  EXPECT_EQ(put(1, R"({"duration":43})").status, 204U);
  const boost::json::object call = list().at(0).as_object();
  EXPECT_EQ(call.at("call_sid").as_string(), sid_text("CA", 1));
  EXPECT_EQ(call.at("from").as_string(), "+14155550100");
  EXPECT_EQ(call.at("to").as_string(), "+14155550101");
  EXPECT_EQ(call.at("direction").as_string(), "inbound");
  EXPECT_EQ(call.at("started_at").as_string(), "2026-11-23T12:00:00Z");
  EXPECT_EQ(call.at("duration").as_int64(), 43);
  EXPECT_EQ(call.at("recording").at("sid").as_string(), sid_text("RE", 9));
  EXPECT_EQ(call.at("recording").at("state").as_string(), "remote");
}

TEST_F(CallsTest, a_reported_call_starts_nothing) {
  EXPECT_EQ(put(1, fmt::format(R"({{"recording":{{"sid":"{}"}}}})", sid_text("RE", 9))).status, 201U);
  (void)list();
  EXPECT_EQ(world.recording("acme", sid_text("CA", 1)).state, RecordingState::kRemote);
  EXPECT_EQ(world.run(world.slots.view(business_id("acme"), 10))->active, 0);
}

TEST_F(CallsTest, a_call_without_a_recording_shows_null) {
  EXPECT_EQ(put(1, "{}").status, 201U);
  EXPECT_TRUE(list().at(0).at("recording").is_null());
}

TEST_F(CallsTest, a_recording_without_an_account_has_the_businesss_account) {
  EXPECT_EQ(put(1, fmt::format(R"({{"recording":{{"sid":"{}"}}}})", sid_text("RE", 9))).status, 201U);
  EXPECT_EQ(world.recording("acme", sid_text("CA", 1)).account.str(), sid_text("AC", 1));
}

TEST_F(CallsTest, a_recording_without_any_account_is_refused) {
  Business bare;
  bare.id = business_id("bare");
  ASSERT_TRUE(world.run(world.rows.put_business(bare)).has_value());
  const std::string bare_key = world.run(world.access.create_key(bare.id, "test")).value();
  const TestAnswer answer = put(1, fmt::format(R"({{"recording":{{"sid":"{}"}}}})", sid_text("RE", 9)), bare_key);
  EXPECT_EQ(answer.status, 400U);
  EXPECT_NE(answer.body.find("recording.account_sid"), std::string::npos);
}

TEST_F(CallsTest, a_recording_of_another_call_is_a_conflict) {
  const std::string body = fmt::format(R"({{"recording":{{"sid":"{}"}}}})", sid_text("RE", 9));
  EXPECT_EQ(put(1, body).status, 201U);
  EXPECT_EQ(put(2, body).status, 409U);
}

TEST_F(CallsTest, pages_follow_each_other_newest_first) {
  for (int i = 1; i <= 7; ++i) world.add_call("acme", i, 100 + i);
  std::vector<std::string> seen;
  std::string cursor;
  for (int page = 0; page < 10; ++page) {
    const boost::json::object body = world.get("/api/calls?limit=3" + cursor, key).json();
    for (const auto& call : body.at("calls").as_array()) seen.emplace_back(call.at("call_sid").as_string());
    if (body.at("next_cursor").is_null()) break;
    cursor = "&cursor=" + std::string(body.at("next_cursor").as_string());
  }
  ASSERT_EQ(seen.size(), 7U);
  for (int i = 0; i < 7; ++i) EXPECT_EQ(seen[static_cast<std::size_t>(i)], sid_text("CA", 7 - i));
}

TEST_F(CallsTest, search_and_filters_narrow_the_list) {
  EXPECT_EQ(put(1, R"({"from":"Zo\u00eb","direction":"inbound","started_at":"2026-11-01T00:00:00Z"})").status, 201U);
  EXPECT_EQ(put(2, R"({"from":"+4930","direction":"outbound","started_at":"2026-11-02T00:00:00Z"})").status, 201U);
  EXPECT_EQ(list("?search=%2B4930").size(), 1U);
  EXPECT_EQ(list("?search=zo").size(), 1U);
  EXPECT_EQ(list("?direction=outbound").size(), 1U);
  EXPECT_EQ(list("?since=2026-11-02T00:00:00Z").size(), 1U);
  EXPECT_EQ(list("?until=2026-11-02T00:00:00Z").size(), 1U);
  EXPECT_EQ(list("?search=&direction=").size(), 2U);
}

TEST_F(CallsTest, markup_in_a_name_stays_text) {
  EXPECT_EQ(put(1, R"({"from":"<script>alert(1)</script>"})").status, 201U);
  const TestAnswer answer = world.get("/api/calls", key);
  EXPECT_EQ(answer.header("Content-Type"), "application/json");
  EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(answer.json().at("calls").at(0).at("from").as_string(), "<script>alert(1)</script>");
}

TEST_F(CallsTest, a_failed_recording_shows_its_cause_in_the_list) {
  world.add_call("acme", 1, 101);
  world.fail_for_good("acme", sid_text("CA", 1), {"media_truncated", "Cut short."}, RecordingState::kFailed);
  const boost::json::object recording = list().at(0).at("recording").as_object();
  EXPECT_EQ(recording.at("state").as_string(), "failed");
  EXPECT_EQ(recording.at("cause").at("code").as_string(), "media_truncated");
}

}  // namespace
}  // namespace tapedeck::http
