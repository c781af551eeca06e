#include "media/measuring.hpp"

#include <algorithm>
#include <functional>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "blobs/blob_key.hpp"
#include "runtime/run_task.hpp"
#include "tests/fakes/call_store_decorator.hpp"
#include "tests/fakes/memory_blob_store.hpp"
#include "tests/fakes/memory_call_store.hpp"
#include "tests/fakes/virtual_clock.hpp"

namespace tapedeck {
namespace {

const AudioMeasure kFound{.duration = Milliseconds{5'000}, .channels = 1, .sample_rate = 8'000, .codec = "mp3"};

class Events final : public EventSink {
 public:
  void emit(const Event& event) noexcept override { names.emplace_back(event.name); }
  [[nodiscard]] int count(std::string_view name) const { return static_cast<int>(std::ranges::count(names, name)); }
  std::vector<std::string> names;
};

/// Says what it is told to say; while `gate` is closed, the caller waits.
class ScriptedMeter final : public AudioMeter {
 public:
  Task<Result<MeasuredAudio>> measure(std::shared_ptr<Blob>, std::string content_type, std::stop_token stop) override {
    ++measures;
    types.push_back(content_type);
    greatest = std::max(greatest, ++running);
    if (during) during();
    const auto executor = co_await boost::asio::this_coro::executor;
    for (int turn = 0; turn < kTurns || (is_closed && !stop.stop_requested()); ++turn) {
      co_await boost::asio::post(executor, boost::asio::use_awaitable);
    }
    --running;
    if (stop.stop_requested()) co_return fail(Errc::kCancelled, "stopped");
    if (failing) co_return fail(*failing);
    co_return MeasuredAudio{kFound, {{{-0.5F, 0.5F}}}};
  }

  std::optional<Error> failing;
  std::function<void()> during;
  bool is_closed = false;
  int measures = 0;
  int running = 0;
  int greatest = 0;
  std::vector<std::string> types;

 private:
  static constexpr int kTurns = 20;  // of the loop, so that others can begin meanwhile
};

class CountingCallStore final : public CallStoreDecorator {
 public:
  using CallStoreDecorator::CallStoreDecorator;
  Task<Result<std::vector<MeasureClaim>>> claim_unmeasured(SystemTime now, SystemTime until, int limit) override {
    ++claims;
    return CallStoreDecorator::claim_unmeasured(now, until, limit);
  }
  Task<Result<void>> record_measure(std::int64_t row_id, std::string blob_key, AudioMeasure measure) override {
    ++records;
    return CallStoreDecorator::record_measure(row_id, std::move(blob_key), std::move(measure));
  }
  int claims = 0;
  int records = 0;
};

class MeasuringTest : public ::testing::Test {
 protected:
  MeasuringTest() {
    Business business;
    business.id = acme;
    EXPECT_TRUE(run_task(rows.put_business(business)).has_value());
  }

  static Sid sid(int n) { return Sid::parse(fmt::format("CA{:032x}", n)).value(); }
  static std::string key(int n) {
    return blob_key({BusinessId::parse("acme").value(), AccountSid::parse(fmt::format("AC{:032x}", 1)).value(),
                     RecordingSid::parse(fmt::format("RE{:032x}", n)).value(), 1, AudioKind::kMpeg});
  }

  void store(int n, std::optional<int> told = std::nullopt) {
    CallUpdate update;
    update.call = CallSid::parse(fmt::format("CA{:032x}", n)).value();
    update.recording = RecordingUpdate{RecordingSid::parse(fmt::format("RE{:032x}", n)).value(),
                                       AccountSid::parse(fmt::format("AC{:032x}", 1)).value(), told};
    EXPECT_TRUE(run_task(rows.put_call(acme, update, clock.system_now())).has_value());
    EXPECT_TRUE(run_task(rows.want(acme, sid(n), Lane::kPlay, clock.system_now())).has_value());
    const Recording taken = run_task(rows.begin_attempt(acme, sid(n))).value().value();
    const StoredAudio audio{.blob_key = key(n),
                            .size_bytes = 5,
                            .content_type = "audio/mpeg",
                            .sha256 = std::string(64, 'a'),
                            .stored_at = clock.system_now()};
    blobs.put(audio.blob_key, "audio");
    EXPECT_TRUE(run_task(rows.commit_stored(taken.row_id, taken.fence, audio)).has_value());
  }
  Recording find(int n) { return run_task(rows.find_recording(acme, sid(n))).value().value(); }

  /// Until `done` holds, and then to the end.
  void run_until(const std::function<bool()>& done, int at_once = 2, bool is_alone = false) {
    std::stop_source stop;
    Measuring measuring(loop.get_executor(), {calls, blobs, meter, clock, events}, {at_once, is_alone});
    bool has_ended = false;
    boost::asio::co_spawn(loop, measuring.run(stop.get_token()), [&](std::exception_ptr failure) {
      EXPECT_FALSE(failure);
      has_ended = true;
    });
    loop.restart();
    for (int steps = 0; !has_ended && steps < 100'000; ++steps) {
      if (done()) stop.request_stop();
      loop.run_one();
    }
    EXPECT_TRUE(has_ended);
  }

  const BusinessId acme = BusinessId::parse("acme").value();
  boost::asio::io_context loop;
  MemoryCallStore rows;
  CountingCallStore calls{rows};
  MemoryBlobStore blobs;
  VirtualClock clock;
  Events events;
  ScriptedMeter meter;
};

TEST_F(MeasuringTest, a_stored_recording_is_measured_and_its_peaks_are_stored_beside_it) {
  store(1);
  run_until([this] { return find(1).measure.has_value(); });
  EXPECT_EQ(find(1).measure, kFound);
  EXPECT_EQ(blobs.blobs().at(peaks_key(key(1))),
            R"({"version":1,"channels":1,"sample_rate":8000,"duration":5.000,"peaks":[[-0.5,0.5]]})");
  EXPECT_EQ(blobs.blobs().at(key(1)), "audio");
  EXPECT_EQ(meter.types, std::vector<std::string>{"audio/mpeg"});
  EXPECT_EQ(events.names, std::vector<std::string>{"RECORDING_MEASURED"});
}

TEST_F(MeasuringTest, a_ring_starts_measuring_without_waiting_for_the_next_scan) {
  std::stop_source stop;
  Measuring measuring(loop.get_executor(), {calls, blobs, meter, clock, events}, {1, false});
  bool has_ended = false;
  boost::asio::co_spawn(loop, measuring.run(stop.get_token()), [&](std::exception_ptr) { has_ended = true; });
  while (calls.claims == 0) loop.run_one();
  store(1);
  measuring.ring();
  while (!find(1).measure) loop.run_one();
  stop.request_stop();
  while (!has_ended) loop.run_one();
  EXPECT_GE(calls.claims, 2);
}

TEST_F(MeasuringTest, a_backlog_of_any_length_is_measured_a_few_at_a_time) {
  constexpr int kBacklog = 50;
  for (int n = 1; n <= kBacklog; ++n) store(n);
  run_until([this] { return events.count("RECORDING_MEASURED") == kBacklog; }, 3);
  EXPECT_EQ(meter.greatest, 3);
  EXPECT_EQ(meter.measures, kBacklog);
}

TEST_F(MeasuringTest, a_duration_that_differs_from_the_providers_is_reported) {
  store(1, 5);
  store(2, 7);
  store(3, 8);
  run_until([this] { return events.count("RECORDING_MEASURED") == 3; });
  EXPECT_EQ(events.count("DURATION_DIFFERS"), 1);
}

TEST_F(MeasuringTest, a_recording_that_cannot_be_decoded_is_given_up_and_still_plays) {
  store(1);
  meter.failing = Error(Errc::kMediaNotAudio, "no sound");
  run_until([this] { return find(1).measure_cause.has_value(); });
  EXPECT_EQ(find(1).measure_cause, (Cause{"media_not_audio", "no sound"}));
  EXPECT_EQ(find(1).state, RecordingState::kStored);
  EXPECT_FALSE(blobs.blobs().contains(peaks_key(key(1))));
  EXPECT_EQ(events.names, std::vector<std::string>{"MEASURE_FAILED"});
}

TEST_F(MeasuringTest, a_store_that_is_away_is_tried_again_without_end) {
  store(1);
  for (int round = 1; round <= kMeasureTriesMax + 3; ++round) {
    meter.failing = Error(Errc::kUnavailable, "away");
    run_until([this, round] { return events.count("MEASURE_FAILED") == round; });
    EXPECT_FALSE(find(1).measure_cause);
    clock.advance(kMeasurePause);
  }
  meter.failing.reset();
  run_until([this] { return find(1).measure.has_value(); });
}

TEST_F(MeasuringTest, a_full_disk_keeps_the_peaks_for_later) {
  store(1);
  blobs.failing = Error(Errc::kNoSpace, "disk full");
  run_until([this] { return events.count("MEASURE_FAILED") == 1; });
  EXPECT_FALSE(find(1).measure);
  EXPECT_FALSE(find(1).measure_cause);
  blobs.failing.reset();
  clock.advance(kMeasurePause);
  run_until([this] { return find(1).measure.has_value(); });
}

TEST_F(MeasuringTest, a_recording_that_kills_the_process_is_given_up) {
  store(1);
  for (int died = 0; died < kMeasureTriesMax; ++died) {
    const auto now = clock.system_now();
    ASSERT_EQ(run_task(rows.claim_unmeasured(now, now + kMeasureLease, 1)).value().size(), 1U);
    clock.advance(kMeasureLease);
  }
  run_until([this] { return find(1).measure_cause.has_value(); });
  EXPECT_EQ(meter.measures, 0);
  EXPECT_EQ(find(1).measure_cause->code, "internal");
}

TEST_F(MeasuringTest, a_second_attempt_is_decoded_alone) {
  store(1);
  const auto now = clock.system_now();
  ASSERT_EQ(run_task(rows.claim_unmeasured(now, now, 1)).value().size(), 1U);
  for (int n = 2; n <= 9; ++n) store(n);
  int beside = 0;
  meter.during = [this, &beside] {
    // Its second try began: it is in its claim, and not found yet.
    const bool is_second = meter.measures == 9;
    if (is_second) beside = meter.running - 1;
  };
  run_until([this] { return events.count("RECORDING_MEASURED") == 9; }, 3);
  EXPECT_EQ(beside, 0);
  EXPECT_EQ(meter.greatest, 3);
}

TEST_F(MeasuringTest, recordings_of_a_dead_process_are_measured_at_once_by_the_only_process_and_later_by_others) {
  store(1);
  store(2);
  const auto now = clock.system_now();
  ASSERT_EQ(run_task(rows.claim_unmeasured(now, now + kMeasureLease, 1)).value().size(), 1U);
  run_until([this] { return calls.claims > 0 && events.count("RECORDING_MEASURED") == 1; });
  run_until([this] { return events.count("RECORDING_MEASURED") == 2; }, 1, true);
}

TEST_F(MeasuringTest, the_search_for_a_missing_blob_has_a_few_tries) {
  store(1);
  EXPECT_TRUE(run_task(blobs.remove(key(1))).has_value());
  for (int round = 1; round <= kMeasureTriesMax; ++round) {
    EXPECT_FALSE(find(1).measure_cause);
    run_until([this, round] { return events.count("MEASURE_FAILED") == round; });
    clock.advance(kMeasurePause);
  }
  EXPECT_EQ(find(1).measure_cause->code, "not_found");
}

TEST_F(MeasuringTest, a_recording_that_is_deleted_meanwhile_leaves_no_peaks) {
  store(1);
  meter.during = [this] {
    EXPECT_TRUE(run_task(rows.remove(acme, sid(1))).has_value());
    EXPECT_TRUE(run_task(blobs.remove(key(1))).has_value());
  };
  run_until([this] { return calls.records == 1; });
  EXPECT_TRUE(blobs.blobs().empty());
  EXPECT_TRUE(events.names.empty());
}

TEST_F(MeasuringTest, a_stop_gives_recordings_back_and_the_next_process_takes_them_at_once) {
  for (int n = 1; n <= 3; ++n) store(n);
  meter.is_closed = true;
  run_until([this] { return meter.running == 2; });
  EXPECT_TRUE(events.names.empty());
  meter.is_closed = false;
  run_until([this] { return events.count("RECORDING_MEASURED") == 3; });
}

}  // namespace
}  // namespace tapedeck
