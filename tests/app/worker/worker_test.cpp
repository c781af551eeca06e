#include "app/worker/worker.hpp"

#include <exception>
#include <stdexcept>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "slots/memory/memory_slot_store.hpp"
#include "tests/app/run_with_clock.hpp"
#include "tests/fakes/call_store_decorator.hpp"
#include "tests/fakes/memory_blob_store.hpp"
#include "tests/fakes/memory_call_store.hpp"
#include "tests/fakes/seeded_random.hpp"
#include "tests/fakes/slot_store_decorator.hpp"
#include "tests/fakes/virtual_clock.hpp"

// How a worker ends downloads, takes the next, and stops.

namespace tapedeck {
namespace {

// A silent Redis answers a command by its timeout.
constexpr Milliseconds kCommandTimeout{2'000};
constexpr Milliseconds kGrace{10'000};

class SilentSlotStore final : public SlotStoreDecorator {
 public:
  SilentSlotStore(SlotStore& next, Clock& clock) : SlotStoreDecorator(next), clock_(clock) {}
  bool is_silent = false;

 protected:
  Task<Result<void>> before() override {
    if (!is_silent) co_return Result<void>();
    co_await clock_.sleep_for(kCommandTimeout, {});
    co_return fail(Errc::kUnavailable, "no answer");
  }

 private:
  Clock& clock_;
};

class SlowCallStore final : public CallStoreDecorator {
 public:
  SlowCallStore(CallStore& next, Clock& clock) : CallStoreDecorator(next), clock_(clock) {}
  Milliseconds find_takes{0};
  bool find_throws = false;
  // Longer than a worker needs to notice that it is full; then whoever ends claims the next.
  Milliseconds attempt_takes{100};

  Task<Result<std::optional<Recording>>> begin_attempt(BusinessId business, Sid sid) override {
    co_await clock_.sleep_for(attempt_takes, {});
    auto begun = co_await CallStoreDecorator::begin_attempt(std::move(business), std::move(sid));
    co_return begun;
  }

  Task<Result<std::optional<Recording>>> find_recording(BusinessId business, Sid sid) override {
    co_await clock_.sleep_for(find_takes, {});
    if (find_throws) throw std::runtime_error("out of memory");
    auto found = co_await CallStoreDecorator::find_recording(std::move(business), std::move(sid));
    co_return found;
  }

 private:
  Clock& clock_;
};

/// Sends each recording for as long as it is told.
class SlowSource final : public RecordingSource {
 public:
  explicit SlowSource(Clock& clock) : clock_(clock) {}
  Milliseconds sends_for{60 * 60'000};
  std::vector<std::string> fetched;

  Task<FetchOutcome> fetch(FetchRequest request, FetchSink& sink, std::stop_token stop) override {
    fetched.push_back(request.recording.str());
    const std::string body = "\xff\xfb\x90\x64" + std::string(400, 'x');
    FetchHead head{"audio/mpeg", body.size()};
    auto started = co_await sink.start(std::move(head));
    EXPECT_TRUE(started);
    co_await clock_.sleep_for(sends_for, stop);
    if (stop.stop_requested()) co_return FetchOutcome{fail(Errc::kCancelled, "stopped"), true};
    auto written = co_await sink.write(body);
    co_return FetchOutcome{written, false};
  }
  Task<Result<RemoteStatus>> describe(FetchRequest, std::stop_token) override { co_return RemoteStatus::kPreparing; }
  Task<Result<void>> remove(FetchRequest, std::stop_token) override { co_return Result<void>(); }

 private:
  Clock& clock_;
};

class NoEvents final : public EventSink {
 public:
  void emit(const Event&) noexcept override {}
};

class WorkerTest : public ::testing::Test {
 protected:
  WorkerTest() {
    Business business;
    business.id = acme;
    business.account = account;
    business.auth_token = "token";
    EXPECT_TRUE(run_task(clock, rows.put_business(business)));
    blobs.clock = &clock;
  }

  static Sid sid(int n) { return *Sid::parse(fmt::format("CA{:032x}", n)); }
  static std::string recording(int n) { return fmt::format("RE{:032x}", n); }

  void press(int n) {
    CallUpdate update;
    update.call = *CallSid::parse(fmt::format("CA{:032x}", n));
    update.recording = RecordingUpdate{*RecordingSid::parse(recording(n)), account, 1};
    ASSERT_TRUE(run_task(clock, rows.put_call(acme, update, clock.system_now())));
    ASSERT_TRUE(run_task(clock, rows.want(acme, sid(n), Lane::kPlay, clock.system_now())));
    ASSERT_TRUE(run_task(clock, requests.ask(acme, sid(n), Lane::kPlay)));
  }

  void start(int max_downloads = 1, Milliseconds grace = kGrace) {
    WorkerOptions options;
    options.name = "worker";
    options.max_downloads = max_downloads;
    options.drain_grace = grace;
    const FetchJob::Dependencies dependencies{calls,  slots,  blobs,    source,  businesses, clock,
                                              random, events, progress, backoff, requests,   recovery};
    worker.emplace(loop.get_executor(), dependencies, calls, calls, options);
    boost::asio::co_spawn(loop, worker->run(stop.get_token()), [this](std::exception_ptr failure) {
      EXPECT_FALSE(failure);
      has_ended = true;
    });
    settle();
  }
  void settle() {
    loop.restart();
    while (loop.poll() > 0) {
    }
  }
  void pass(Milliseconds time) {
    const SteadyTime end = clock.steady_now() + time;
    while (!has_ended) {
      const auto next = clock.next_deadline();
      if (!next || *next > end) break;
      clock.advance_to(*next);
      settle();
    }
    if (!has_ended) clock.advance_to(end);
    settle();
  }
  /// How long the worker takes to stop.
  Milliseconds stop_worker() {
    const SteadyTime began = clock.steady_now();
    stop.request_stop();
    settle();
    pass(Milliseconds{24 * 3600'000});
    EXPECT_TRUE(has_ended);
    return std::chrono::floor<Milliseconds>(clock.steady_now() - began);
  }
  void TearDown() override {
    if (worker && !has_ended) (void)stop_worker();
  }
  SlotPlace place_of(int n) { return run_task(clock, memory_slots.status(acme, sid(n))).value().place; }
  Recording row(int n) { return run_task(clock, rows.find_recording(acme, sid(n))).value().value(); }

  const BusinessId acme = *BusinessId::parse("acme");
  const AccountSid account = *AccountSid::parse("AC00000000000000000000000000000001");
  boost::asio::io_context loop;
  VirtualClock clock;
  SeededRandom random{3};
  NoEvents events;
  MemoryCallStore rows;
  SlowCallStore calls{rows, clock};
  MemorySlotStore memory_slots{clock, events, kDefaultSlotLimit};
  SilentSlotStore slots{memory_slots, clock};
  MemoryBlobStore blobs;
  SlowSource source{clock};
  Businesses businesses{rows, clock, ProviderDefaults{}};
  BusinessRules rules{memory_slots, businesses};
  SlotRecovery recovery{rows, rows, memory_slots, businesses, clock, kLeaseTtl};
  SlotRequests requests{memory_slots, rules, recovery, clock, random};
  ProgressBoard progress;
  ProviderBackoff backoff;
  std::stop_source stop;
  std::optional<Worker> worker;
  bool has_ended = false;
};

TEST_F(WorkerTest, a_successor_starts_while_the_call_store_is_slow_to_tell_of_its_predecessor) {
  press(1);
  press(2);
  ASSERT_TRUE(run_task(clock, rows.remove(acme, sid(1))));
  calls.find_takes = Milliseconds{60'000};
  start();
  pass(Milliseconds{1'000});
  EXPECT_EQ(source.fetched, std::vector<std::string>{recording(2)});
  EXPECT_EQ(place_of(2), SlotPlace::kRunning);
}

TEST_F(WorkerTest, a_successor_starts_though_asking_for_its_predecessor_throws) {
  press(1);
  press(2);
  ASSERT_TRUE(run_task(clock, rows.remove(acme, sid(1))));
  calls.find_throws = true;
  start();
  pass(Milliseconds{1'000});
  EXPECT_EQ(source.fetched, std::vector<std::string>{recording(2)});
}

TEST_F(WorkerTest, a_slot_is_given_back_for_half_a_minute_against_a_silent_slot_store) {
  press(1);
  source.sends_for = Milliseconds{5'000};
  start();
  pass(Milliseconds{4'000});
  slots.is_silent = true;
  pass(Milliseconds{1'000});
  EXPECT_EQ(worker->running(), 1);
  pass(Milliseconds{30'000} + 2 * kCommandTimeout);
  EXPECT_EQ(worker->running(), 0);
  slots.is_silent = false;
}

TEST_F(WorkerTest, a_stop_hands_downloads_back_within_its_grace) {
  press(1);
  start();
  pass(Milliseconds{1'000});
  EXPECT_LE(stop_worker(), kGrace);
  EXPECT_EQ(place_of(1), SlotPlace::kGranted);
  EXPECT_EQ(row(1).state, RecordingState::kQueued);
  EXPECT_EQ(row(1).attempts, 0);
}

TEST_F(WorkerTest, a_stop_ends_soon_after_its_grace_though_the_slot_store_is_silent) {
  press(1);
  press(2);
  start(2);
  pass(Milliseconds{1'000});
  slots.is_silent = true;
  EXPECT_LE(stop_worker(), kGrace + 2 * kCommandTimeout);
}

TEST_F(WorkerTest, a_stop_that_begins_while_the_slot_store_is_silent_ends_soon_after_its_grace) {
  slots.is_silent = true;
  start(2);
  pass(Milliseconds{5'000});
  EXPECT_LE(stop_worker(), kGrace + 2 * kCommandTimeout);
}

TEST_F(WorkerTest, a_stop_ends_an_upload_that_hangs_and_hands_the_recording_back) {
  press(1);
  source.sends_for = Milliseconds{0};
  blobs.publish_takes = Milliseconds{24 * 3600'000};
  start();
  pass(Milliseconds{1'000});
  EXPECT_LE(stop_worker(), kGrace);
  EXPECT_EQ(place_of(1), SlotPlace::kGranted);
  EXPECT_EQ(row(1).attempts, 0);
}

TEST_F(WorkerTest, an_upload_goes_on_while_the_slot_store_is_silent) {
  press(1);
  source.sends_for = Milliseconds{0};
  blobs.publish_takes = Milliseconds{20'000};
  start();
  pass(Milliseconds{1'000});
  slots.is_silent = true;
  pass(Milliseconds{25'000});
  EXPECT_EQ(row(1).state, RecordingState::kStored);
  slots.is_silent = false;
}

TEST_F(WorkerTest, a_grace_without_time_to_linger_leaves_the_slot_to_its_lease) {
  press(1);
  start(1, Milliseconds{1'000});
  pass(Milliseconds{1'000});
  EXPECT_LE(stop_worker(), Milliseconds{1'000});
  EXPECT_EQ(place_of(1), SlotPlace::kRunning);
  EXPECT_EQ(row(1).state, RecordingState::kQueued);
}

}  // namespace
}  // namespace tapedeck
