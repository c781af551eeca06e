#include <gtest/gtest.h>

#include "blobs/blob_key.hpp"
#include "tests/http/api/world.hpp"

namespace tapedeck::http {
namespace {

constexpr std::string_view kJson =
    R"({"version":1,"channels":1,"sample_rate":8000,"duration":41.976,"peaks":[[-1,1]]})";
const AudioMeasure kFound{.duration = Milliseconds{41'976}, .channels = 2, .sample_rate = 8'000, .codec = "mp3"};

class PeaksTest : public ::testing::Test {
 protected:
  PeaksTest() { world.add_call("acme", 1, 101); }

  static std::string path(int call = 1) { return "/api/recordings/" + sid_text("CA", call) + "/peaks"; }
  TestAnswer get() { return world.get(path(), key); }

  /// Measures it as a worker would.
  void measure(const AudioMeasure& found = kFound) {
    const Recording stored = world.recording("acme", sid_text("CA", 1));
    world.blobs.put(peaks_key(stored.audio->blob_key), std::string(kJson));
    ASSERT_TRUE(world.run(world.rows.record_measure(stored.row_id, stored.audio->blob_key, found)).has_value());
  }

  World world;
  std::string key = world.add_business("acme", 1);
};

TEST_F(PeaksTest, peaks_are_json_that_may_be_kept) {
  world.store("acme", sid_text("CA", 1), "ID3-audio-bytes");
  measure();
  for (const std::string& sid : {sid_text("CA", 1), sid_text("RE", 101)}) {
    const TestAnswer answer = world.get("/api/recordings/" + sid + "/peaks", key);
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(answer.body, kJson);
    EXPECT_EQ(answer.header("Content-Type"), "application/json");
    EXPECT_EQ(answer.header("Cache-Control"), "private, no-cache");
    EXPECT_EQ(answer.header("Content-Disposition"), "");
  }
}

TEST_F(PeaksTest, peaks_are_not_sent_again_to_a_caller_with_a_current_copy) {
  world.store("acme", sid_text("CA", 1), "ID3-audio-bytes");
  measure();
  const std::string etag = get().header("ETag");
  EXPECT_TRUE(etag.starts_with("\"peaks1-")) << etag;
  const TestAnswer again = world.send(TestRequest("GET", path()).with_key(key).with("If-None-Match", etag));
  EXPECT_EQ(again.status, 304U);
  EXPECT_EQ(again.body, "");
  EXPECT_EQ(again.header("ETag"), etag);
  EXPECT_NE(etag, world.get("/api/recordings/" + sid_text("CA", 1) + "/stream", key).header("ETag"));
}

TEST_F(PeaksTest, peaks_are_pending_between_the_storing_and_the_measure) {
  world.store("acme", sid_text("CA", 1), "ID3-audio-bytes");
  const TestAnswer answer = get();
  EXPECT_EQ(answer.status, 202U);
  EXPECT_EQ(answer.body, R"({"status":"pending"})");
  EXPECT_EQ(answer.header("Retry-After"), "1");
  EXPECT_EQ(answer.header("Cache-Control"), "no-store");
}

TEST_F(PeaksTest, a_recording_that_is_not_stored_answers_with_its_state_and_starts_nothing) {
  EXPECT_EQ(get().status, 202U);
  EXPECT_EQ(get().body, R"({"status":"remote"})");
  EXPECT_EQ(world.recording("acme", sid_text("CA", 1)).state, RecordingState::kRemote);
  (void)world.get("/api/recordings/" + sid_text("CA", 1) + "/stream", key);
  EXPECT_EQ(get().body, R"({"status":"processing"})");
  world.fail_for_good("acme", sid_text("CA", 1), {"provider_rejected", "418"}, RecordingState::kFailed);
  EXPECT_EQ(get().status, 424U);
  EXPECT_EQ(get().json().at("type").as_string(), "/docs/problems#recording-failed");
  EXPECT_EQ(world.send(TestRequest("DELETE", "/api/recordings/" + sid_text("CA", 1)).with_key(key)).status, 204U);
  EXPECT_EQ(get().status, 410U);
}

TEST_F(PeaksTest, peaks_that_cannot_be_made_have_a_cause_and_the_recording_plays) {
  world.store("acme", sid_text("CA", 1), "ID3-audio-bytes");
  const Recording stored = world.recording("acme", sid_text("CA", 1));
  const MeasureFailure failure{{"media_not_audio", "It is not audio."}, std::nullopt, true};
  ASSERT_TRUE(world.run(world.rows.fail_measure(stored.row_id, stored.audio->blob_key, failure)).has_value());
  const TestAnswer answer = get();
  EXPECT_EQ(answer.status, 424U);
  EXPECT_EQ(answer.header("Content-Type"), "application/problem+json");
  EXPECT_EQ(answer.json().at("type").as_string(), "/docs/problems#peaks-failed");
  EXPECT_EQ(answer.json().at("cause").at("code").as_string(), "media_not_audio");
  EXPECT_EQ(world.get("/api/recordings/" + sid_text("CA", 1) + "/stream", key).status, 200U);
}

TEST_F(PeaksTest, missing_peaks_of_a_stored_recording_are_made_again) {
  world.store("acme", sid_text("CA", 1), "ID3-audio-bytes");
  measure();
  const Recording stored = world.recording("acme", sid_text("CA", 1));
  ASSERT_TRUE(world.run(world.blobs.remove(peaks_key(stored.audio->blob_key))).has_value());
  EXPECT_EQ(get().body, R"({"status":"pending"})");
  EXPECT_FALSE(world.recording("acme", sid_text("CA", 1)).measure);
  measure();
  EXPECT_EQ(get().status, 200U);
}

TEST_F(PeaksTest, peaks_are_deleted_with_their_recording) {
  world.store("acme", sid_text("CA", 1), "ID3-audio-bytes");
  measure();
  EXPECT_EQ(world.blobs.blobs().size(), 2U);
  EXPECT_EQ(world.send(TestRequest("DELETE", "/api/recordings/" + sid_text("CA", 1)).with_key(key)).status, 204U);
  EXPECT_TRUE(world.blobs.blobs().empty());
  EXPECT_EQ(get().status, 410U);
}

TEST_F(PeaksTest, peaks_of_another_business_look_like_those_of_no_recording) {
  world.store("acme", sid_text("CA", 1), "ID3-audio-bytes");
  measure();
  const std::string other = world.add_business("birch", 2);
  const TestAnswer foreign = world.get(path(1), other);
  const TestAnswer absent = world.get(path(999), other);
  EXPECT_EQ(foreign.status, 404U);
  EXPECT_EQ(foreign.headers, absent.headers);
  EXPECT_EQ(foreign.json().at("title"), absent.json().at("title"));
  EXPECT_EQ(foreign.json().at("detail"), absent.json().at("detail"));
}

TEST_F(PeaksTest, a_link_to_the_recording_shows_them_until_it_expires) {
  world.store("acme", sid_text("CA", 1), "ID3-audio-bytes");
  measure();
  const std::string sid = sid_text("CA", 1);
  const TestAnswer link = world.send(
      TestRequest("POST", "/api/recordings/" + sid + "/link").with_key(key).with_json(R"({"expires_in":60})"));
  const std::string url(link.json().at("url").as_string());
  const std::string target = path() + url.substr(url.find('?'));
  EXPECT_EQ(world.send(TestRequest("GET", target)).body, kJson);
  world.add_call("acme", 2, 102);
  EXPECT_EQ(world.send(TestRequest("GET", path(2) + url.substr(url.find('?')))).status, 401U);
  world.clock.advance(Seconds{60});
  EXPECT_EQ(world.send(TestRequest("GET", target)).status, 401U);
}

TEST_F(PeaksTest, the_status_and_the_list_show_the_measure_and_whether_the_duration_differs) {
  world.store("acme", sid_text("CA", 1), "ID3-audio-bytes");
  const std::string status = "/api/recordings/" + sid_text("CA", 1) + "/status";
  EXPECT_TRUE(world.get(status, key).json().at("measured").is_null());
  EXPECT_FALSE(world.get(status, key).json().contains("duration_differs"));
  measure();
  const auto listed = [&] {
    const boost::json::object page = world.get("/api/calls", key).json();
    return page.at("calls").at(0).at("recording").as_object();
  };
  for (const boost::json::object& body : {world.get(status, key).json(), listed()}) {
    EXPECT_EQ(body.at("duration").as_int64(), 42);
    EXPECT_DOUBLE_EQ(body.at("measured").at("duration").as_double(), 41.976);
    EXPECT_EQ(body.at("measured").at("channels").as_int64(), 2);
    EXPECT_EQ(body.at("measured").at("sample_rate").as_int64(), 8'000);
    EXPECT_EQ(body.at("measured").at("codec").as_string(), "mp3");
    EXPECT_FALSE(body.at("duration_differs").as_bool());
  }
  AudioMeasure shorter = kFound;
  shorter.duration = Milliseconds{12'000};
  measure(shorter);
  EXPECT_TRUE(world.get(status, key).json().at("duration_differs").as_bool());
  EXPECT_TRUE(listed().at("duration_differs").as_bool());
}

}  // namespace
}  // namespace tapedeck::http
