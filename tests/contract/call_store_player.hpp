#pragma once

// Random operations on a call store, and their answers as text. Played with the same seed on two stores that were
// written apart, they must read the same: what simulations find out on the one then holds for the other.
//
// Row ids and places in the order of asking are each store's own, and may have gaps. So rows are named by the order in
// which they were first seen. Places are not shown; that the rows that wait come in their order is.

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

#include "tests/contract/call_store_fixture.hpp"

namespace tapedeck::contract {

/// Names for the row ids of one table of one store: 0, 1, 2, ... as they are first seen.
class RowNames {
 public:
  std::size_t name_of(std::int64_t row_id) {
    const auto known = std::ranges::find(ids_, row_id);
    if (known != ids_.end()) return static_cast<std::size_t>(known - ids_.begin());
    ids_.push_back(row_id);
    return ids_.size() - 1;
  }
  /// The row of that name, or one that there is not.
  [[nodiscard]] std::int64_t row_of(std::size_t name) const {
    constexpr std::int64_t kNone = 1'000'000;
    return name < ids_.size() ? ids_[name] : kNone;
  }

 private:
  std::vector<std::int64_t> ids_;
};

/// One line for each answer, so that a difference can be read.
class AnswerText {
 public:
  std::string show(const std::optional<SystemTime>& time) { return time ? format_rfc3339(*time) : "-"; }
  std::string show(const BusinessId& business) { return business.str(); }
  std::string show(std::int64_t number) { return std::to_string(number); }
  std::string show(bool answer) { return answer ? "yes" : "no"; }
  std::string show(const Cause& cause) { return cause.code + "/" + cause.detail; }
  std::string show(const StoredAudio& audio) {
    return fmt::format("{}:{}:{}:{}:{}", audio.blob_key, audio.size_bytes, audio.content_type, audio.sha256,
                       show(std::optional(audio.stored_at)));
  }
  std::string show(const Recording& r) {
    return fmt::format("#{} {} {} {} {} {} {} {} fence={} attempts={} retry={} cause={} {}s {}ch {} {} [{}]",
                       recordings.name_of(r.row_id), r.business.view(), r.call.view(), r.recording.view(),
                       r.account.view(), r.sid.view(), state_name(r.state), lane_name(r.lane), r.fence, r.attempts,
                       show(r.retry_at), r.cause ? show(*r.cause) : "-", r.duration_seconds.value_or(-1), r.channels,
                       show(r.recorded_at), show(r.announced_at), r.audio ? show(*r.audio) : "-");
  }
  std::string show(const Call& c) {
    return fmt::format("#{} {} {} {}>{} {} {} {}s {}", calls.name_of(c.row_id), c.business.view(), c.sid.view(), c.from,
                       c.to, c.direction ? direction_name(*c.direction) : "-", show(c.started_at),
                       c.duration_seconds.value_or(-1), c.recording ? show(*c.recording) : "-");
  }
  std::string show(const WaitingRecording& w) {
    return fmt::format("{} {} {} {} {} {}", w.business.view(), w.sid.view(), lane_name(w.lane), state_name(w.state),
                       show(w.retry_at), w.cause ? show(*w.cause) : "-");
  }
  std::string show(const KnownRecording& known) {
    return fmt::format("{} {} {} {}", known.business.view(), known.sid.view(), state_name(known.state), known.import);
  }
  std::string show(const RecordingChange& change) {
    return fmt::format("{} {}", change.changed ? "changed" : "same", show(change.recording));
  }
  std::string show(PutOutcome outcome) { return outcome == PutOutcome::kCreated ? "created" : "changed"; }
  std::string show(const CallPage& page) {
    std::string text = page.next ? fmt::format("next {} {};", show(std::optional(page.next->started_at)),
                                               calls.name_of(page.next->row_id))
                                 : "end;";
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

  RowNames recordings;
  RowNames calls;
};

/// Random operations on a few calls and recordings of two businesses, so that they meet often.
class CallStorePlayer {
 public:
  CallStorePlayer(std::uint32_t seed, CallStore& store) : random_(seed), store_(store) {}

  /// Makes the businesses.
  void begin() {
    for (const auto* id : {"acme", "globex"}) {
      Business business;
      business.id = business_id(id);
      ASSERT_TRUE(run_task(store_.put_business(business)));
    }
  }

  std::string step() {
    now_ += Seconds(pick(3));
    switch (pick(17)) {
      case 0: return "put_call " + show(store_.put_call(business(), call_update(), now_));
      case 1: return "announce " + show(store_.announce(business(), announcement(), now_));
      case 2: return "want " + show(store_.want(business(), sid(), lane(), now_));
      case 3: return "retry " + show(store_.retry(business(), sid(), now_));
      case 4: return "cancel " + show(store_.cancel(business(), sid()));
      case 5: return pick(4) == 0 ? "remove " + show(store_.remove(business(), sid())) : "-";
      case 6: return "begin " + show(store_.begin_attempt(business(), sid()));
      case 7: return "commit " + show(store_.commit_stored(row(), fence(), audio()));
      case 8: return "fail " + show(store_.fail_attempt(row(), fence(), failure()));
      case 9: return "hand_back " + show(store_.hand_back(row(), fence(), connection()));
      case 10: return "reclaim " + show(store_.reclaim(business(), sid(), maybe_cause()));
      case 11: return "close " + show(store_.close_attempt(row(), fence()));
      case 12: return look_at_work();
      case 14: return "lose " + show(store_.lose_audio(row(), fence(), maybe_cause(), now_));
      case 15: return "known " + show(store_.known_recordings(account(), {recording_of({}), recording_of({})}));
      case 13: return "list " + show(store_.list_calls(business(), query()));
      default: return look();
    }
  }

 private:
  template <class T>
  std::string show(Task<Result<T>> task) {
    return text_.show(run_task(std::move(task)));
  }

  int pick(int below) { return std::uniform_int_distribution(0, below - 1)(random_); }
  bool maybe() { return pick(2) == 0; }

  static constexpr int kCalls = 12;
  static constexpr int kRecordings = 16;

  BusinessId business() { return business_id(pick(8) == 0 ? "globex" : "acme"); }
  AccountSid account() { return pick(6) == 0 ? AccountSid() : account_sid(pick(12) == 0 ? 2 : 1); }
  CallSid call() { return call_sid(pick(kCalls)); }
  // Mostly a recording of the call of the same number.
  RecordingSid recording_of(const CallSid&) { return recording_sid(pick(kRecordings)); }
  Sid sid() { return maybe() ? to_sid(call_sid(pick(kCalls))) : to_sid(recording_sid(pick(kRecordings))); }
  Lane lane() { return maybe() ? Lane::kPlay : Lane::kFetch; }
  std::int64_t row() { return text_.recordings.row_of(static_cast<std::size_t>(pick(2 * kRecordings))); }
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
    constexpr std::array kAbsences{"no audio", "too short", "silent"};
    RecordingAnnouncement told;
    told.call = call();
    told.recording = recording_of(told.call);
    told.account = account();
    told.status = kStatuses[static_cast<std::size_t>(pick(5))];
    told.duration_seconds = maybe_seconds();
    told.channels = pick(3);
    told.started_at = maybe_time();
    told.is_listed = pick(4) == 0;
    told.import = pick(3);
    told.absence = kAbsences[static_cast<std::size_t>(pick(3))];
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
    if (maybe()) {
      const auto name = static_cast<std::size_t>(pick(20));
      query.cursor = CallCursor{now_ - Seconds(pick(5000)), text_.calls.row_of(name)};
    }
    return query;
  }
  // The place of a row that waits, in the store's own numbers.
  std::int64_t place() {
    const auto rows = run_task(store_.waiting(0, 100));
    const auto number = static_cast<std::size_t>(pick(20));
    return rows && number < rows->size() ? (*rows)[number].wanted_order : 0;
  }
  std::string look_at_work() {
    switch (pick(4)) {
      case 0: {
        const std::int64_t after = place();
        return "waiting of " + show(store_.waiting_of(business(), after, pick(20) + 1));
      }
      case 1: return "at work " + show(store_.businesses_at_work());
      case 2: return "epoch " + show(store_.raise_slot_epoch(business(), now_ - Seconds(pick(5000))));
      default: return "open " + show(store_.has_open_attempt(business()));
    }
  }
  std::string look() {
    switch (pick(4)) {
      case 0: return "find " + show(store_.find_recording(business(), sid()));
      case 1: {
        const std::int64_t after = place();
        return "waiting " + show(store_.waiting(after, pick(20) + 1));
      }
      case 2: return "deleted " + show(store_.deleted_with_blob(pick(5) + 1));
      default: return "forget " + show(store_.forget_blob(row()));
    }
  }

  std::mt19937 random_;
  CallStore& store_;
  SystemTime now_ = kNow;
  AnswerText text_;
};

/// Plays `steps` operations on both, and compares.
inline void play_alike(std::uint32_t seed, CallStore& tested, CallStore& reference, int steps) {
  CallStorePlayer on_tested(seed, tested);
  CallStorePlayer on_reference(seed, reference);
  on_tested.begin();
  on_reference.begin();
  for (int i = 0; i < steps; ++i) {
    const std::string expected = on_reference.step();
    ASSERT_EQ(on_tested.step(), expected) << "step " << i;
  }
}

}  // namespace tapedeck::contract
