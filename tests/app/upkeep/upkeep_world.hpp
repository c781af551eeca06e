#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "app/backlog.hpp"
#include "app/storage_check.hpp"
#include "app/upkeep/missed_webhooks.hpp"
#include "app/webhooks.hpp"
#include "blobs/blob_key.hpp"
#include "provider/patient_listing.hpp"
#include "slots/memory/memory_slot_store.hpp"
#include "slots/slot_requests.hpp"
#include "tests/app/run_with_clock.hpp"
#include "tests/fakes/memory_blob_store.hpp"
#include "tests/fakes/memory_call_store.hpp"
#include "tests/fakes/scripted_listing.hpp"
#include "tests/fakes/seeded_random.hpp"

namespace tapedeck {

/// Keeps events for a look at them.
class KeptEvents final : public EventSink {
 public:
  void emit(const Event& event) noexcept override { events.push_back(event); }
  [[nodiscard]] std::vector<std::string> lines(std::string_view name) const {
    std::vector<std::string> found;
    for (const Event& event : events) {
      if (event.name == name) found.push_back(format_text(event));
    }
    return found;
  }

  std::vector<Event> events;
};

/// A provider that describes every recording in the same way.
class DescribingSource final : public RecordingSource {
 public:
  Result<RemoteStatus> answer = RemoteStatus::kCompleted;
  int asked = 0;

  Task<FetchOutcome> fetch(FetchRequest, FetchSink&, std::stop_token) override {
    co_return FetchOutcome{.result = fail(Errc::kInternal, "not asked for")};
  }
  Task<Result<RemoteStatus>> describe(FetchRequest, std::stop_token) override {
    ++asked;
    co_return answer;
  }
  Task<Result<void>> remove(FetchRequest, std::stop_token) override {
    co_return fail(Errc::kInternal, "not asked for");
  }
};

/// Stores in memory, one business with an account of its own, and a provider's list.
class UpkeepWorld : public ::testing::Test {
 protected:
  UpkeepWorld() { add_business(acme, account(1)); }

  static BusinessId business_id(std::string_view text) { return *BusinessId::parse(text); }
  static AccountSid account(int n) { return *AccountSid::parse(fmt::format("AC{:032x}", n)); }
  static CallSid call(int n) { return *CallSid::parse(fmt::format("CA{:032x}", n)); }
  static RecordingSid recording(int n) { return *RecordingSid::parse(fmt::format("RE{:032x}", n)); }

  void add_business(const BusinessId& id, const AccountSid& of, bool paused = false) {
    Business business;
    business.id = id;
    business.account = of;
    business.auth_token = "secret";
    business.paused = paused;
    ASSERT_TRUE(run(rows.put_business(business)));
  }
  static ListedRecording listed(int n, SystemTime made, int of_account = 1,
                                AnnouncedStatus status = AnnouncedStatus::kCompleted) {
    ListedRecording one;
    one.told.recording = recording(n);
    one.told.call = call(n);
    one.told.account = account(of_account);
    one.told.status = status;
    one.told.started_at = made;
    one.told.is_listed = true;
    one.created_at = made;
    return one;
  }
  /// Recordings 1 to `count`, the newest first.
  void list(int count) {
    for (int n = count; n >= 1; --n) provider.recordings.push_back(listed(n, clock.system_now() - Seconds(100 - n)));
  }
  template <class T>
  T run(Task<T> task) {
    return run_task(clock, std::move(task));
  }
  std::optional<Recording> find(int n) { return run(rows.find_recording(acme, to_sid(recording(n)))).value(); }
  RecordingState state(int n) {
    const auto found = find(n);
    EXPECT_TRUE(found) << n;
    return found ? found->state : RecordingState::kRemote;
  }
  /// A worker takes it and stores it.
  Recording store(int n, const BusinessId& business) {
    const auto taken = run(rows.begin_attempt(business, to_sid(recording(n)))).value().value();
    StoredAudio audio;
    audio.blob_key = blob_key({business, taken.account, taken.recording, taken.fence, AudioKind::kMpeg});
    audio.size_bytes = 5;
    audio.content_type = "audio/mpeg";
    EXPECT_TRUE(run(rows.commit_stored(taken.row_id, taken.fence, audio)));
    blobs.put(audio.blob_key, "bytes");
    return run(rows.find_recording(business, to_sid(recording(n)))).value().value();
  }
  Recording stored(int n) {
    EXPECT_TRUE(run(rows.announce(acme, listed(n, clock.system_now()).told, clock.system_now())));
    return store(n, acme);
  }

  const BusinessId acme = business_id("acme");
  VirtualClock clock;
  SeededRandom random{7};
  KeptEvents events;
  MemoryCallStore rows;
  MemoryBlobStore blobs;
  ScriptedListing provider;
  DescribingSource source;
  MemorySlotStore slots{clock, events, kDefaultSlotLimit, 20};
  Businesses businesses{rows, clock, ProviderDefaults{}};
  BusinessRules rules{rows, slots, businesses};
  SlotRecovery recovery{rows, slots, businesses, clock, kLeaseTtl};
  SlotRequests requests{slots, rules, recovery, clock, random};
  PatientListing listing{provider, clock, random};
  Webhooks webhooks{rows, requests, clock, events};
  Backlog backlog{rows, clock};
};

}  // namespace tapedeck
