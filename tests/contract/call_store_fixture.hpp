#pragma once

#include <algorithm>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "calls/ports/call_store.hpp"
#include "runtime/run_task.hpp"

namespace tapedeck::contract {

inline constexpr SystemTime kNow{Milliseconds{1'763'899'200'000}};

inline BusinessId business_id(std::string_view text) { return *BusinessId::parse(text); }
inline CallSid call_sid(int n) { return *CallSid::parse(fmt::format("CA{:032x}", n)); }
inline RecordingSid recording_sid(int n) { return *RecordingSid::parse(fmt::format("RE{:032x}", n)); }
inline AccountSid account_sid(int n) { return *AccountSid::parse(fmt::format("AC{:032x}", n)); }

/// A store, with whatever it lives on.
class Subject {
 public:
  virtual ~Subject() = default;
  [[nodiscard]] virtual CallStore& store() = 0;
};

/// One kind of store that the contract is run on.
struct Kind {
  std::string name;
  std::unique_ptr<Subject> (*make)();
};

inline void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

/// A store with two businesses, and short words for what the tests do with it.
class CallStoreContract : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    put_business(acme);
    put_business(globex);
  }

  CallStore& store() { return subject_->store(); }

  void put_business(const BusinessId& id) {
    Business business;
    business.id = id;
    ASSERT_TRUE(run_task(store().put_business(business)));
  }

  /// A call with one known recording, both numbered `n`.
  static CallUpdate call_with_recording(int n) {
    CallUpdate update;
    update.call = call_sid(n);
    update.recording = RecordingUpdate{recording_sid(n), account_sid(1), std::nullopt};
    return update;
  }
  static RecordingAnnouncement announcement(int n, AnnouncedStatus status = AnnouncedStatus::kCompleted) {
    RecordingAnnouncement told;
    told.call = call_sid(n);
    told.recording = recording_sid(n);
    told.account = account_sid(1);
    told.status = status;
    return told;
  }
  static StoredAudio audio() {
    return {.blob_key = "acme/2026/11/RE1.mp3",
            .size_bytes = 480'044,
            .content_type = "audio/mpeg",
            .sha256 = std::string(64, 'a'),
            .stored_at = kNow + Seconds(9)};
  }
  static AttemptFailure failure(std::optional<SystemTime> retry_at) {
    AttemptFailure failed;
    failed.cause = {"provider_server_error", "the provider answered 503"};
    failed.retry_at = retry_at;
    return failed;
  }

  PutOutcome put_call(const CallUpdate& update, SystemTime now = kNow) {
    const auto outcome = run_task(store().put_call(acme, update, now));
    EXPECT_TRUE(outcome) << outcome.error().detail;
    return outcome.value_or(PutOutcome::kChanged);
  }
  CallPage list(const CallQuery& query = {}, const BusinessId& business = acme_id()) {
    const auto page = run_task(store().list_calls(business, query));
    EXPECT_TRUE(page) << page.error().detail;
    return page.value_or(CallPage{});
  }
  RecordingChange announce(const RecordingAnnouncement& told, SystemTime now = kNow) {
    return changed(run_task(store().announce(acme, told, now)));
  }
  RecordingChange want(int n, Lane lane = Lane::kPlay, SystemTime now = kNow) {
    return changed(run_task(store().want(acme, to_sid(call_sid(n)), lane, now)));
  }
  RecordingChange retry(int n, SystemTime now = kNow) {
    return changed(run_task(store().retry(acme, to_sid(call_sid(n)), now)));
  }
  RecordingChange cancel(int n) { return changed(run_task(store().cancel(acme, to_sid(call_sid(n))))); }
  RecordingChange remove(int n) { return changed(run_task(store().remove(acme, to_sid(call_sid(n))))); }
  Recording find(const Sid& sid) {
    const auto found = run_task(store().find_recording(acme, sid));
    EXPECT_TRUE(found && *found) << "no recording " << sid.view();
    return found && *found ? **found : Recording{};
  }
  Recording find(int n) { return find(to_sid(call_sid(n))); }

  /// Recording `n`, asked for and taken by a worker.
  Recording begun(int n, Lane lane = Lane::kPlay) {
    put_call(call_with_recording(n));
    want(n, lane);
    return begin(n);
  }
  Recording begin(int n) {
    const auto taken = run_task(store().begin_attempt(acme, to_sid(call_sid(n))));
    EXPECT_TRUE(taken && *taken);
    return taken && *taken ? **taken : Recording{};
  }
  Recording stored(int n) {
    const Recording taken = begun(n);
    EXPECT_TRUE(run_task(store().commit_stored(taken.row_id, taken.fence, audio())));
    return find(n);
  }
  Recording failed(int n) {
    const Recording taken = begun(n);
    EXPECT_TRUE(run_task(store().fail_attempt(taken.row_id, taken.fence, failure(std::nullopt))));
    return find(n);
  }
  Recording backing_off(int n, SystemTime until, Lane lane = Lane::kPlay) {
    const Recording taken = begun(n, lane);
    EXPECT_TRUE(run_task(store().fail_attempt(taken.row_id, taken.fence, failure(until))));
    return find(n);
  }
  bool open_attempt() {
    const auto open = run_task(store().has_open_attempt(acme));
    EXPECT_TRUE(open);
    return open.value_or(false);
  }
  std::vector<WaitingRecording> waiting(std::int64_t after = 0, int limit = 100) {
    const auto rows = run_task(store().waiting(after, limit));
    EXPECT_TRUE(rows);
    return rows.value_or(std::vector<WaitingRecording>{});
  }
  /// Sorted by lane and reason.
  std::vector<BacklogLine> backlog(SystemTime now) {
    auto lines = run_task(store().backlog(now));
    EXPECT_TRUE(lines) << lines.error().detail;
    if (!lines) return {};
    std::ranges::sort(*lines, {}, [](const BacklogLine& line) { return std::pair(line.lane, line.reason); });
    return *lines;
  }

  static BusinessId acme_id() { return business_id("acme"); }
  const BusinessId acme = acme_id();
  const BusinessId globex = business_id("globex");

 private:
  static RecordingChange changed(const Result<RecordingChange>& change) {
    EXPECT_TRUE(change) << change.error().detail;
    return change.value_or(RecordingChange{});
  }

  std::unique_ptr<Subject> subject_ = GetParam().make();
};

template <class T>
Errc errc_of(const Result<T>& result) {
  return result ? Errc{} : result.error().errc();
}

}  // namespace tapedeck::contract
