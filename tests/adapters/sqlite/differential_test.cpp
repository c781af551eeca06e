// The same random operations on the SQLite store and on the one in memory, which were written apart: their answers must
// be the same. What simulations find out on the one then holds for the other.

#include <functional>
#include <random>

#include <gtest/gtest.h>

#include "tests/adapters/sqlite/faulty_disk.hpp"
#include "tests/adapters/sqlite/temporary_store.hpp"
#include "tests/contract/call_store_fixture.hpp"
#include "tests/fakes/memory_call_store.hpp"

namespace tapedeck {
namespace {

using contract::account_sid;
using contract::business_id;
using contract::call_sid;
using contract::kNow;
using contract::recording_sid;

constexpr int kSteps = 20'000;
constexpr int kCalls = 12;
constexpr int kRecordings = 16;

// One line for each answer, so that a difference can be read.
std::string show(const std::optional<SystemTime>& time) { return time ? format_rfc3339(*time) : "-"; }
std::string show(const BusinessId& business) { return business.str(); }
std::string show(std::int64_t number) { return std::to_string(number); }
std::string show(bool answer) { return answer ? "yes" : "no"; }
std::string show(const Cause& cause) { return cause.code + "/" + cause.detail; }
std::string show(const Recording& r) {
  const std::string audio = r.audio ? fmt::format("{}:{}:{}:{}:{}", r.audio->blob_key, r.audio->size_bytes,
                                                  r.audio->content_type, r.audio->sha256, show(r.audio->stored_at))
                                    : "-";
  return fmt::format("#{} {} {} {} {} {} {} {} order={} fence={} attempts={} retry={} cause={} {}s {}ch {} {} [{}]",
                     r.row_id, r.business.view(), r.call.view(), r.recording.view(), r.account.view(), r.sid.view(),
                     state_name(r.state), lane_name(r.lane), r.wanted_order, r.fence, r.attempts, show(r.retry_at),
                     r.cause ? show(*r.cause) : "-", r.duration_seconds.value_or(-1), r.channels, show(r.recorded_at),
                     show(r.announced_at), audio);
}
std::string show(const Call& c) {
  return fmt::format("#{} {} {} {}>{} {} {} {}s {}", c.row_id, c.business.view(), c.sid.view(), c.from, c.to,
                     c.direction ? direction_name(*c.direction) : "-", show(c.started_at),
                     c.duration_seconds.value_or(-1), c.recording ? show(*c.recording) : "-");
}
std::string show(const WaitingRecording& w) {
  return fmt::format("{} {} {} {} {} {} {}", w.business.view(), w.sid.view(), lane_name(w.lane), state_name(w.state),
                     w.wanted_order, show(w.retry_at), w.cause ? show(*w.cause) : "-");
}
std::string show(const RecordingChange& change) {
  return fmt::format("{} {}", change.changed ? "changed" : "same", show(change.recording));
}
std::string show(PutOutcome outcome) { return outcome == PutOutcome::kCreated ? "created" : "changed"; }
std::string show(const CallPage& page) {
  std::string text = page.next ? fmt::format("next {} {};", show(page.next->started_at), page.next->row_id) : "end;";
  for (const Call& call : page.calls) text += "\n  " + show(call);
  return text;
}
template <class T>
std::string show(const std::optional<T>& value) {
  return value ? show(*value) : "none";
}
template <class T>
std::string show(const std::vector<T>& values) {
  std::string text;
  for (const T& value : values) text += "\n  " + show(value);
  return text;
}
template <class T>
std::string show(const Result<T>& result) {
  if (!result) return fmt::format("error {}", errc_name(result.error().errc()));
  if constexpr (std::is_void_v<T>) {
    return "done";
  } else {
    return show(*result);
  }
}

// Random operations on a few calls and recordings of two businesses, so that they meet often.
class Player {
 public:
  Player(std::uint32_t seed, CallStore& store) : random_(seed), store_(store) {}

  std::string step() {
    now_ += Seconds(pick(3));
    switch (pick(15)) {
      case 0:
        return "put_call " + show(run_task(store_.put_call(business(), call_update(), now_)));
      case 1:
        return "announce " + show(run_task(store_.announce(business(), announcement(), now_)));
      case 2:
        return "want " + show(run_task(store_.want(business(), sid(), lane(), now_)));
      case 3:
        return "retry " + show(run_task(store_.retry(business(), sid(), now_)));
      case 4:
        return "cancel " + show(run_task(store_.cancel(business(), sid())));
      case 5:
        return pick(4) == 0 ? "remove " + show(run_task(store_.remove(business(), sid()))) : "-";
      case 6:
        return "begin " + show(run_task(store_.begin_attempt(business(), sid())));
      case 7:
        return "commit " + show(run_task(store_.commit_stored(row(), fence(), audio())));
      case 8:
        return "fail " + show(run_task(store_.fail_attempt(row(), fence(), failure())));
      case 9:
        return "hand_back " + show(run_task(store_.hand_back(row(), fence(), connection())));
      case 10:
        return "reclaim " + show(run_task(store_.reclaim(business(), sid(), maybe_cause())));
      case 11:
        return "close " + show(run_task(store_.close_attempt(row(), fence())));
      case 12:
        return look_at_work();
      case 13:
        return "list " + show(run_task(store_.list_calls(business(), query())));
      default:
        return look();
    }
  }

 private:
  int pick(int below) { return std::uniform_int_distribution(0, below - 1)(random_); }
  bool maybe() { return pick(2) == 0; }

  BusinessId business() { return business_id(pick(8) == 0 ? "globex" : "acme"); }
  AccountSid account() { return pick(6) == 0 ? AccountSid() : account_sid(pick(12) == 0 ? 2 : 1); }
  CallSid call() { return call_sid(pick(kCalls)); }
  // Mostly a recording of the call of the same number.
  RecordingSid recording_of(const CallSid&) { return recording_sid(pick(kRecordings)); }
  Sid sid() { return maybe() ? to_sid(call_sid(pick(kCalls))) : to_sid(recording_sid(pick(kRecordings))); }
  Lane lane() { return maybe() ? Lane::kPlay : Lane::kFetch; }
  std::int64_t row() { return pick(2 * kRecordings) + 1; }
  std::int64_t fence() { return pick(12) + 1; }
  std::optional<int> maybe_seconds() { return maybe() ? std::optional(pick(100)) : std::nullopt; }
  std::optional<SystemTime> maybe_time() {
    return maybe() ? std::optional(now_ + Seconds(pick(20) - 10)) : std::nullopt;
  }
  Cause cause() { return {"provider_timed_out", fmt::format("after {} s", pick(100))}; }
  std::optional<Cause> maybe_cause() { return maybe() ? std::optional(cause()) : std::nullopt; }
  StoredAudio audio() {
    return {fmt::format("blob-{}", pick(1000)), static_cast<std::uint64_t>(pick(1000)), "audio/mpeg", "abc", now_};
  }
  AttemptConnection connection() { return maybe() ? AttemptConnection::kClosed : AttemptConnection::kNeverOpened; }
  AttemptFailure failure() {
    AttemptFailure failed;
    failed.connection = connection();
    failed.cause = cause();
    failed.retry_at = maybe_time();
    if (maybe()) failed.final_state = RecordingState::kAbsent;
    return failed;
  }
  CallUpdate call_update() {
    const std::vector<std::string> parties{"Alice Smith", "ÉMILE", "+1 (415) 555-0100", "sip:200@x", "bob_%"};
    CallUpdate update;
    update.call = call();
    if (maybe()) update.from = parties[static_cast<std::size_t>(pick(5))];
    if (maybe()) update.to = parties[static_cast<std::size_t>(pick(5))];
    if (maybe()) update.direction = maybe() ? CallDirection::kInbound : CallDirection::kOutbound;
    update.started_at = maybe_time();
    update.duration_seconds = maybe_seconds();
    if (maybe()) update.recording = RecordingUpdate{recording_of(update.call), account(), maybe_seconds()};
    return update;
  }
  RecordingAnnouncement announcement() {
    constexpr std::array kStatuses{AnnouncedStatus::kCompleted, AnnouncedStatus::kCompleted,
                                   AnnouncedStatus::kInProgress, AnnouncedStatus::kAbsent, AnnouncedStatus::kFailed};
    constexpr std::array kErrors{"", "0", "16101", "16102", "99999"};
    RecordingAnnouncement told;
    told.call = call();
    told.recording = recording_of(told.call);
    told.account = account();
    told.status = kStatuses[static_cast<std::size_t>(pick(5))];
    told.duration_seconds = maybe_seconds();
    told.channels = pick(3);
    told.started_at = maybe_time();
    told.error_code = kErrors[static_cast<std::size_t>(pick(5))];
    return told;
  }
  CallQuery query() {
    const std::vector<std::string> searches{"", "alice", "émile", "415 555", "200", "%", "_", "nobody", "5550100"};
    CallQuery query;
    query.limit = pick(5) + 1;
    query.search = searches[static_cast<std::size_t>(pick(9))];
    if (maybe()) query.direction = CallDirection::kInbound;
    if (pick(4) == 0) query.since = now_ - Seconds(pick(5000));
    if (pick(4) == 0) query.until = now_ - Seconds(pick(5000));
    if (maybe()) query.cursor = CallCursor{now_ - Seconds(pick(5000)), pick(20) + 1};
    return query;
  }
  std::string look_at_work() {
    switch (pick(4)) {
      case 0:
        return "waiting of " + show(run_task(store_.waiting_of(business(), pick(100), pick(20) + 1)));
      case 1:
        return "at work " + show(run_task(store_.businesses_at_work()));
      case 2:
        return "epoch " + show(run_task(store_.raise_slot_epoch(business(), now_ - Seconds(pick(5000)))));
      default:
        return "open " + show(run_task(store_.has_open_attempt(business())));
    }
  }
  std::string look() {
    switch (pick(4)) {
      case 0:
        return "find " + show(run_task(store_.find_recording(business(), sid())));
      case 1:
        return "waiting " + show(run_task(store_.waiting(pick(100), pick(20) + 1)));
      case 2:
        return "deleted " + show(run_task(store_.deleted_with_blob(pick(5) + 1)));
      default:
        return "forget " + show(run_task(store_.forget_blob(row())));
    }
  }

  std::mt19937 random_;
  CallStore& store_;
  SystemTime now_ = kNow;
};

void add_businesses(CallStore& store) {
  for (const auto* id : {"acme", "globex"}) {
    Business business;
    business.id = business_id(id);
    ASSERT_TRUE(run_task(store.put_business(business)));
  }
}

TEST(Differential, the_sqlite_store_and_the_one_in_memory_answer_alike) {
  constexpr int kLives = 10;  // fresh stores now and then, since everything ends up stored or deleted
  const auto seed = std::random_device{}();
  RecordProperty("seed", std::to_string(seed));
  FaultyDisk disk;
  disk.skip_syncs();
  SqliteOptions options;
  options.database.vfs = FaultyDisk::name();
  for (std::uint32_t life = 0; life < kLives; ++life) {
    SCOPED_TRACE(testing::Message() << "seed " << seed << ", life " << life);
    const TemporaryDirectory directory;
    const auto sqlite = open_store(directory.file("calls.db"), options);
    MemoryCallStore memory;
    add_businesses(*sqlite);
    add_businesses(memory);
    Player on_sqlite(seed + life, *sqlite);
    Player in_memory(seed + life, memory);
    for (int i = 0; i < kSteps / kLives; ++i) {
      const std::string expected = in_memory.step();
      ASSERT_EQ(on_sqlite.step(), expected) << "step " << i;
    }
  }
}

}  // namespace
}  // namespace tapedeck
