#include <gtest/gtest.h>

#include "tests/http/api/world.hpp"

namespace tapedeck::http {
namespace {

class StreamTest : public ::testing::Test {
 protected:
  StreamTest() {
    for (int i = 1; i <= 10; ++i) world.add_call("acme", i, 100 + i);
  }
  static std::string stream(int call) { return "/api/recordings/" + sid_text("CA", call) + "/stream"; }
  static std::string status(int call) { return "/api/recordings/" + sid_text("CA", call) + "/status"; }

  World world;
  std::string key = world.add_business("acme", 1);
};

TEST_F(StreamTest, a_press_of_a_cold_recording_answers_processing_to_the_letter) {
  const TestAnswer answer = world.get(stream(1), key);
  EXPECT_EQ(answer.status, 202U);
  EXPECT_EQ(answer.body, R"({"status":"processing"})");
  EXPECT_EQ(answer.header("Retry-After"), "1");
  EXPECT_EQ(answer.header("Content-Type"), "application/json");
}

TEST_F(StreamTest, the_fourth_press_answers_its_place_to_the_letter) {
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(world.get(stream(i), key).body, R"({"status":"processing"})");
  EXPECT_EQ(world.get(stream(4), key).body, R"({"status":"queued","position":1,"queue_length":1})");
  EXPECT_EQ(world.get(stream(5), key).body, R"({"status":"queued","position":2,"queue_length":2})");
}

TEST_F(StreamTest, a_second_press_answers_the_same_as_the_first) {
  for (int i = 1; i <= 4; ++i) (void)world.get(stream(i), key);
  EXPECT_EQ(world.get(stream(1), key).body, R"({"status":"processing"})");
  EXPECT_EQ(world.get(stream(4), key).body, R"({"status":"queued","position":1,"queue_length":1})");
}

TEST_F(StreamTest, a_delayed_one_says_why_and_until_when_without_a_position) {
  (void)world.get(stream(1), key);
  const Sid sid = Sid::parse(sid_text("CA", 1)).value();
  const auto claim = world.run(world.slots.claim("worker", LaneFilter::kAny, "lease", Milliseconds{0}, {}));
  ASSERT_TRUE(claim.has_value() && claim->has_value());
  const Recording taken = world.run(world.rows.begin_attempt(business_id("acme"), sid)).value().value();
  const SystemTime retry_at = world.clock.system_now() + Seconds{30};
  AttemptFailure failure;
  failure.cause = {"provider_server_error", "The provider answered 503."};
  failure.retry_at = retry_at;
  ASSERT_TRUE(world.run(world.rows.fail_attempt(taken.row_id, taken.fence, failure)).has_value());
  FinishOutcome outcome{.kind = FinishKind::kRetry, .retry_at = retry_at, .why = "The provider answered 503."};
  ASSERT_TRUE(world.run(world.slots.finish({business_id("acme"), sid, "lease"}, outcome)).has_value());

  const TestAnswer answer = world.get(stream(1), key);
  EXPECT_EQ(answer.status, 202U);
  const boost::json::object body = answer.json();
  EXPECT_EQ(body.at("status").as_string(), "queued");
  EXPECT_EQ(body.at("retry_at").as_string(), format_rfc3339(retry_at));
  EXPECT_FALSE(body.at("why").as_string().empty());
  EXPECT_FALSE(body.contains("position"));
  EXPECT_EQ(answer.header("Retry-After"), "30");
}

TEST_F(StreamTest, head_and_prefetch_never_enqueue) {
  const TestRequest requests[] = {
      TestRequest("HEAD", stream(1)).with_key(key),
      TestRequest("GET", stream(1)).with_key(key).with("Sec-Purpose", "prefetch"),
      TestRequest("GET", stream(1)).with_key(key).with("Sec-Purpose", "prefetch;prerender"),
      TestRequest("GET", stream(1)).with_key(key).with("Purpose", "prefetch"),
  };
  for (const TestRequest& request : requests) {
    const TestAnswer answer = world.send(request);
    EXPECT_EQ(answer.status, 202U);
    EXPECT_EQ(answer.body, R"({"status":"remote"})");
  }
  EXPECT_EQ(world.recording("acme", sid_text("CA", 1)).state, RecordingState::kRemote);
}

TEST_F(StreamTest, status_never_enqueues_and_says_why_it_waits) {
  EXPECT_EQ(world.get(status(4), key).json().at("state").as_string(), "remote");
  for (int i = 1; i <= 4; ++i) (void)world.get(stream(i), key);
  const boost::json::object body = world.get(status(4), key).json();
  EXPECT_EQ(body.at("state").as_string(), "queued");
  EXPECT_EQ(body.at("position").as_int64(), 1);
  EXPECT_EQ(body.at("queue_length").as_int64(), 1);
  EXPECT_FALSE(body.at("why").as_string().empty());
  EXPECT_EQ(world.get(status(5), key).json().at("state").as_string(), "remote");
}

TEST_F(StreamTest, status_tells_the_progress_of_a_running_fetch) {
  (void)world.get(stream(1), key);
  world.progress.update(business_id("acme"), Sid::parse(sid_text("CA", 1)).value(), {600, 1000});
  const boost::json::object progress = world.get(status(1), key).json().at("progress").as_object();
  EXPECT_EQ(progress.at("bytes").to_number<int>(), 600);
  EXPECT_EQ(progress.at("total").to_number<int>(), 1000);
  EXPECT_EQ(progress.at("percent").to_number<int>(), 60);
}

TEST_F(StreamTest, a_stored_recording_is_streamed_by_either_of_its_names) {
  world.store("acme", sid_text("CA", 1), "ID3-audio-bytes");
  for (const std::string& sid : {sid_text("CA", 1), sid_text("RE", 101)}) {
    const TestAnswer answer = world.get("/api/recordings/" + sid + "/stream", key);
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(answer.body, "ID3-audio-bytes");
    EXPECT_EQ(answer.header("Content-Type"), "audio/mpeg");
    EXPECT_EQ(answer.header("Accept-Ranges"), "bytes");
    EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(answer.header("Referrer-Policy"), "no-referrer");
  }
}

TEST_F(StreamTest, a_hot_recording_with_a_cached_key_needs_no_coroutine) {
  world.store("acme", sid_text("CA", 1), "ID3-audio-bytes");
  const TestRequest request = TestRequest("GET", stream(1)).with_key(key).with("Range", "bytes=4-8");
  EXPECT_FALSE(world.application->try_handle(request.view()).has_value());
  EXPECT_EQ(world.send(request).body, "audio");
  const std::optional<Response> hot = world.application->try_handle(request.view());
  ASSERT_TRUE(hot.has_value());
  EXPECT_EQ(hot->status, 206U);
}

TEST_F(StreamTest, the_hot_answer_is_the_same_as_the_cold_one) {
  world.store("acme", sid_text("CA", 1), "ID3-audio-bytes");
  const TestRequest request = TestRequest("GET", stream(1)).with_key(key).with("Range", "bytes=0-3");
  const TestAnswer cold = world.send(request);
  ASSERT_TRUE(world.application->try_handle(request.view()).has_value());
  EXPECT_EQ(world.send(request).whole(), cold.whole());
}

TEST_F(StreamTest, a_hot_recording_is_gone_once_deleted) {
  world.store("acme", sid_text("CA", 1), "ID3-audio-bytes");
  EXPECT_EQ(world.get(stream(1), key).status, 200U);
  const std::string path = "/api/recordings/" + sid_text("CA", 1);
  EXPECT_EQ(world.send(TestRequest("DELETE", path).with_key(key)).status, 204U);
  const TestAnswer answer = world.get(stream(1), key);
  EXPECT_EQ(answer.status, 410U);
  EXPECT_EQ(answer.json().at("type").as_string(), "/docs/problems#gone");
  EXPECT_EQ(world.send(TestRequest("DELETE", path).with_key(key)).status, 204U);
}

TEST_F(StreamTest, a_download_has_a_sensible_file_name) {
  world.store("acme", sid_text("CA", 1), "ID3-audio-bytes");
  const TestAnswer answer = world.get(stream(1) + "?download=1", key);
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.header("Content-Disposition"), "attachment; filename=\"recording-" + sid_text("CA", 1) + ".mp3\"");
}

TEST_F(StreamTest, a_failed_one_answers_424_with_its_cause_until_it_is_retried) {
  world.fail_for_good("acme", sid_text("CA", 1), {"provider_unauthorized", "The provider answered 401."},
                      RecordingState::kFailed);
  const TestAnswer answer = world.get(stream(1), key);
  EXPECT_EQ(answer.status, 424U);
  EXPECT_EQ(answer.header("Content-Type"), "application/problem+json");
  const boost::json::object body = answer.json();
  EXPECT_EQ(body.at("type").as_string(), "/docs/problems#recording-failed");
  EXPECT_EQ(body.at("cause").at("code").as_string(), "provider_unauthorized");
  EXPECT_EQ(body.at("detail").as_string(), "The provider answered 401.");
  const TestAnswer retried =
      world.send(TestRequest("POST", "/api/recordings/" + sid_text("CA", 1) + "/retry").with_key(key));
  EXPECT_EQ(retried.status, 202U);
  EXPECT_EQ(retried.body, R"({"status":"processing"})");
  EXPECT_EQ(world.get(stream(1), key).status, 202U);
}

TEST_F(StreamTest, an_absent_one_answers_410_with_its_cause) {
  world.fail_for_good("acme", sid_text("CA", 1), {"provider_absent", "The recording was too short."},
                      RecordingState::kAbsent);
  const TestAnswer answer = world.get(stream(1), key);
  EXPECT_EQ(answer.status, 410U);
  EXPECT_EQ(answer.json().at("cause").at("detail").as_string(), "The recording was too short.");
}

TEST_F(StreamTest, an_unknown_one_answers_404) {
  const TestAnswer answer = world.get(stream(999), key);
  EXPECT_EQ(answer.status, 404U);
  EXPECT_EQ(answer.json().at("instance").as_string(), stream(999));
}

TEST_F(StreamTest, a_damaged_one_says_so_and_is_logged) {
  world.store("acme", sid_text("CA", 1), "ID3-audio-bytes");
  world.blobs.put("acme/" + sid_text("CA", 1) + ".mp3", "cut");
  const TestAnswer looked = world.send(TestRequest("HEAD", stream(1)).with_key(key));
  EXPECT_EQ(looked.status, 502U);
  const TestAnswer answer = world.get(stream(1), key);
  EXPECT_EQ(answer.status, 502U);
  EXPECT_EQ(answer.json().at("type").as_string(), "/docs/problems#audio-damaged");
  EXPECT_NE(answer.json().at("detail").as_string().find("fetched again"), boost::json::string_view::npos);
  ASSERT_FALSE(world.events.events.empty());
  EXPECT_EQ(world.events.events.back().name, "REQUEST_FAILED");
  EXPECT_EQ(world.get(stream(1), key).status, 202U);
}

TEST_F(StreamTest, a_known_damage_stops_the_play_although_the_length_is_right) {
  world.store("acme", sid_text("CA", 1), "ID3-audio-bytes");
  const Recording& row = world.rows.recordings().front();
  ASSERT_TRUE(
      world.run(world.rows.note_damage(row.row_id, row.audio->blob_key, "its SHA-256 differs")).value_or(false));
  const TestAnswer answer = world.get(stream(1), key);
  EXPECT_EQ(answer.status, 502U);
  EXPECT_EQ(answer.json().at("cause").at("code").as_string(), "corrupt");
  EXPECT_EQ(world.get(stream(1), key).status, 202U);
}

TEST_F(StreamTest, a_hold_refuses_deletion_until_it_ends) {
  const std::string path = "/api/recordings/" + sid_text("CA", 1);
  const TestAnswer held = world.send(TestRequest("POST", path + "/hold", R"({"reason":"case 4711"})").with_key(key));
  EXPECT_EQ(held.status, 200U);
  EXPECT_EQ(held.json().at("hold").at("reason").as_string(), "case 4711");
  const TestAnswer refused = world.send(TestRequest("DELETE", path).with_key(key));
  EXPECT_EQ(refused.status, 409U);
  EXPECT_NE(refused.json().at("detail").as_string().find("case 4711"), boost::json::string_view::npos);
  EXPECT_EQ(world.send(TestRequest("DELETE", path + "/hold").with_key(key)).status, 204U);
  EXPECT_EQ(world.send(TestRequest("DELETE", path).with_key(key)).status, 204U);
}

TEST_F(StreamTest, a_hold_needs_a_reason) {
  const std::string path = "/api/recordings/" + sid_text("CA", 1) + "/hold";
  for (const char* body : {"{}", R"({"reason":""})", R"({"reason":7})", ""}) {
    EXPECT_EQ(world.send(TestRequest("POST", path, body).with_key(key)).status, 400U) << body;
  }
}

TEST_F(StreamTest, a_store_that_is_away_answers_503_without_its_inner_detail) {
  world.calls.broken = Error(Errc::kIo, "/var/lib/tapedeck/calls.db: I/O error");
  const TestAnswer answer = world.get(stream(1), key);
  EXPECT_EQ(answer.status, 503U);
  EXPECT_EQ(answer.header("Retry-After"), "2");
  EXPECT_EQ(answer.body.find("/var/lib"), std::string::npos);
  EXPECT_EQ(answer.json().at("cause").at("code").as_string(), "io_error");
}

TEST_F(StreamTest, cancel_stops_waiting_and_refuses_what_runs) {
  for (int i = 1; i <= 4; ++i) (void)world.get(stream(i), key);
  const auto cancel = [&](int call) {
    return world.send(TestRequest("POST", "/api/recordings/" + sid_text("CA", call) + "/cancel").with_key(key));
  };
  const TestAnswer cancelled = cancel(4);
  EXPECT_EQ(cancelled.status, 200U);
  EXPECT_EQ(cancelled.json().at("state").as_string(), "remote");
  EXPECT_EQ(cancel(5).status, 409U);
}

TEST_F(StreamTest, the_queue_lists_active_and_waiting_in_order) {
  for (int i = 1; i <= 5; ++i) (void)world.get(stream(i), key);
  const boost::json::object body = world.get("/api/queue", key).json();
  EXPECT_EQ(body.at("limit").as_int64(), 3);
  EXPECT_EQ(body.at("active").as_array().size(), 3U);
  const boost::json::array& waiting = body.at("waiting").as_array();
  ASSERT_EQ(waiting.size(), 2U);
  EXPECT_EQ(waiting[0].at("sid").as_string(), sid_text("CA", 4));
  EXPECT_EQ(waiting[0].at("position").as_int64(), 1);
  EXPECT_EQ(waiting[1].at("sid").as_string(), sid_text("CA", 5));
  EXPECT_FALSE(waiting[0].at("why").as_string().empty());
}

TEST_F(StreamTest, a_play_is_audited_once_for_its_player) {
  world.store("acme", sid_text("CA", 1), "ID3-audio-bytes");
  for (const std::string_view range : {"bytes=0-0", "bytes=0-", "bytes=4-", "bytes=-2"}) {
    EXPECT_EQ(world.send(TestRequest("GET", stream(1)).with_key(key).with("Range", range)).status, 206U);
  }
  EXPECT_EQ(world.get(stream(1), key).status, 200U);
  EXPECT_EQ(world.get(stream(1) + "?download=1", key).status, 200U);
  EXPECT_EQ(world.send(TestRequest("HEAD", stream(1)).with_key(key)).status, 200U);
  ASSERT_TRUE(world.run(world.audit.flush()).has_value());
  ASSERT_EQ(world.rows.audit().size(), 2U);
  EXPECT_EQ(world.rows.audit()[0].action, "play");
  EXPECT_EQ(world.rows.audit()[0].actor, "key:1");
  EXPECT_EQ(world.rows.audit()[0].sid, sid_text("CA", 1));
  EXPECT_EQ(world.rows.audit()[1].action, "download");
}

TEST_F(StreamTest, an_act_is_audited_under_the_recordings_own_name_whatever_name_was_asked_for) {
  world.store("acme", sid_text("CA", 1), "ID3-audio-bytes");
  const std::string path = "/api/recordings/" + sid_text("RE", 101);
  EXPECT_EQ(world.send(TestRequest("POST", path + "/link").with_key(key)).status, 200U);
  EXPECT_EQ(world.send(TestRequest("POST", path + "/hold").with_key(key).with_json(R"({"reason":"case"})")).status,
            200U);
  EXPECT_EQ(world.send(TestRequest("DELETE", path + "/hold").with_key(key)).status, 204U);
  EXPECT_EQ(world.send(TestRequest("DELETE", path).with_key(key)).status, 204U);
  ASSERT_TRUE(world.run(world.audit.flush()).has_value());
  ASSERT_EQ(world.rows.audit().size(), 4U);
  for (const AuditEntry& entry : world.rows.audit()) EXPECT_EQ(entry.sid, sid_text("CA", 1)) << entry.action;
}

TEST_F(StreamTest, whoever_gets_a_byte_is_in_the_audit_whatever_the_range) {
  int plays = 0;
  for (const std::string_view range : {"bytes=1-", "bytes=4-4", "bytes=-1", "bytes=0-0", "pages=1-2"}) {
    const std::string sid = sid_text("CA", ++plays);
    world.store("acme", sid, "ID3-audio-bytes");
    const TestAnswer answer =
        world.send(TestRequest("GET", "/api/recordings/" + sid + "/stream").with_key(key).with("Range", range));
    EXPECT_FALSE(answer.body.empty()) << range;
    ASSERT_TRUE(world.run(world.audit.flush()).has_value());
    ASSERT_EQ(std::ssize(world.rows.audit()), plays) << range;
    EXPECT_EQ(world.rows.audit().back().sid, sid);
  }
}

TEST_F(StreamTest, whoever_gets_no_byte_is_not_in_the_audit) {
  world.store("acme", sid_text("CA", 1), "ID3-audio-bytes");
  EXPECT_EQ(world.send(TestRequest("GET", stream(1)).with_key(key).with("Range", "bytes=99-")).status, 416U);
  EXPECT_EQ(world.send(TestRequest("GET", stream(1)).with_key(key).with("If-None-Match", "*")).status, 304U);
  EXPECT_EQ(world.send(TestRequest("HEAD", stream(1)).with_key(key)).status, 200U);
  ASSERT_TRUE(world.run(world.audit.flush()).has_value());
  EXPECT_TRUE(world.rows.audit().empty());
}

TEST_F(StreamTest, a_browser_asks_each_time_whether_it_may_still_play) {
  world.store("acme", sid_text("CA", 1), "ID3-audio-bytes");
  EXPECT_EQ(world.get(stream(1), key).header("Cache-Control"), "private, no-cache");
}

TEST_F(StreamTest, a_page_of_another_origin_may_embed_a_link_alone) {
  world.store("acme", sid_text("CA", 1), "ID3-audio-bytes");
  EXPECT_EQ(world.get(stream(1), key).header("Cross-Origin-Resource-Policy"), "same-origin");
  const TestAnswer link =
      world.send(TestRequest("POST", "/api/recordings/" + sid_text("CA", 1) + "/link").with_key(key));
  const std::string url(link.json().at("url").as_string());
  EXPECT_EQ(world.send(TestRequest("GET", url.substr(kPublicUrl.size()))).header("Cross-Origin-Resource-Policy"),
            "cross-origin");
}

TEST_F(StreamTest, a_link_plays_its_recording_until_it_expires) {
  world.store("acme", sid_text("CA", 1), "ID3-audio-bytes");
  const TestAnswer link = world.send(TestRequest("POST", "/api/recordings/" + sid_text("CA", 1) + "/link")
                                         .with_key(key)
                                         .with_json(R"({"expires_in":60})"));
  ASSERT_EQ(link.status, 200U);
  const std::string url(link.json().at("url").as_string());
  ASSERT_TRUE(url.starts_with(kPublicUrl)) << url;
  const std::string target = url.substr(kPublicUrl.size());
  EXPECT_EQ(world.send(TestRequest("GET", target)).body, "ID3-audio-bytes");
  EXPECT_TRUE(world.application->try_handle(TestRequest("GET", target).view()).has_value());
  EXPECT_EQ(world.send(TestRequest("HEAD", target)).status, 200U);
  EXPECT_EQ(world.send(TestRequest("GET", target + "&download=1")).status, 200U);
  world.clock.advance(Seconds{60});
  EXPECT_EQ(world.send(TestRequest("GET", target)).status, 401U);
}

TEST_F(StreamTest, a_press_through_a_link_starts_the_fetch) {
  const TestAnswer link =
      world.send(TestRequest("POST", "/api/recordings/" + sid_text("RE", 101) + "/link").with_key(key));
  const std::string url(link.json().at("url").as_string());
  EXPECT_EQ(world.send(TestRequest("GET", url.substr(kPublicUrl.size()))).body, R"({"status":"processing"})");
}

}  // namespace
}  // namespace tapedeck::http
