// Retention, erasure, verification and deletion at the provider, over stores in memory.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "app/check_recordings.hpp"
#include "app/keep.hpp"
#include "app/upkeep/retention.hpp"
#include "app/upkeep/source_deletions.hpp"
#include "base/sha256_stream.hpp"
#include "runtime/run_task.hpp"
#include "tests/fakes/memory_blob_store.hpp"
#include "tests/fakes/memory_call_store.hpp"
#include "tests/fakes/virtual_clock.hpp"

namespace tapedeck {
namespace {

CallSid call_sid(int n) { return *CallSid::parse(fmt::format("CA{:032x}", n)); }
RecordingSid recording_sid(int n) { return *RecordingSid::parse(fmt::format("RE{:032x}", n)); }

class Provider final : public RecordingSource {
 public:
  Task<FetchOutcome> fetch(FetchRequest, FetchSink&, std::stop_token) override {
    co_return FetchOutcome{.result = fail(Errc::kInternal, "not asked for")};
  }
  Task<Result<RemoteStatus>> describe(FetchRequest, std::stop_token) override { co_return described; }
  Task<Result<void>> remove(FetchRequest request, std::stop_token) override {
    removed.push_back(request.recording.str());
    co_return answer;
  }
  Result<RemoteStatus> described = RemoteStatus::kCompleted;
  Result<void> answer;
  std::vector<std::string> removed;
};

class Events final : public EventSink {
 public:
  void emit(const Event& event) noexcept override { names.emplace_back(event.name); }
  std::vector<std::string> names;
};

class KeepingTest : public ::testing::Test {
 protected:
  KeepingTest() { put_rules(0, false); }

  void put_rules(int retention_days, bool delete_at_provider) {
    Business business;
    business.id = acme;
    business.account = *AccountSid::parse("AC00000000000000000000000000000001");
    business.auth_token = "token";
    business.retention_days = retention_days;
    business.delete_at_provider = delete_at_provider;
    EXPECT_TRUE(run_task(calls.put_business(business)));
    businesses.forget(acme);
  }

  Recording store(int n, const std::string& bytes = "ID3\x04\0\0\0\0\0\0 sound", const std::string& from = "") {
    CallUpdate update;
    update.call = call_sid(n);
    update.from = from;
    update.recording = RecordingUpdate{recording_sid(n), *AccountSid::parse("AC00000000000000000000000000000001"), 1};
    EXPECT_TRUE(run_task(calls.put_call(acme, update, clock.system_now())));
    EXPECT_TRUE(run_task(calls.want(acme, to_sid(call_sid(n)), Lane::kFetch, clock.system_now())));
    const auto taken = run_task(calls.begin_attempt(acme, to_sid(call_sid(n))));
    Sha256Stream digest;
    digest.update(bytes);
    StoredAudio audio{fmt::format("blob-{}", n), bytes.size(), "audio/mpeg", digest.finish_hex(), clock.system_now()};
    blobs.put(audio.blob_key, bytes);
    EXPECT_TRUE(run_task(calls.commit_stored((*taken)->row_id, (*taken)->fence, audio)));
    return find(n);
  }
  Recording find(int n) { return run_task(calls.find_recording(acme, to_sid(call_sid(n)))).value().value(); }

  // Audio that passes the check: one frame of MPEG, long enough.
  static std::string sound() {
    std::string frames;
    for (int i = 0; i < 8; ++i) frames += std::string("\xFF\xFB\x90\x64", 4) + std::string(413, '\0');
    return frames;
  }
  SourceDeletions deletions() {
    return SourceDeletions({calls, calls, calls, blobs, provider, businesses, clock, events});
  }
  void delete_sources() {
    SourceDeletions due = deletions();
    EXPECT_TRUE(run_task(due.pass({})));
  }
  VerifyReport verify(bool repair) {
    VerifyReport report;
    ReadPace pace(clock, 0);
    const Verification::Parts parts{calls, blobs, repair ? &provider : nullptr, businesses, clock, pace};
    Verification verification(parts, {.damaged = [this](const Damage& damage) { damages.push_back(damage); },
                                      .unreadable = [](const Recording&, const Error&) {},
                                      .at = [](const BusinessId&, const std::string&) {}});
    EXPECT_TRUE(run_task(verification.run(acme, "", &report, {})));
    return report;
  }
  ErasureReport erase_number(const std::string& digits, bool looks_only = false) {
    const auto report = run_task(erase(calls, calls, blobs, clock, Erasure{acme, digits, "command:root", looks_only}));
    EXPECT_TRUE(report);
    return report.value_or(ErasureReport{});
  }

  const BusinessId acme = *BusinessId::parse("acme");
  MemoryCallStore calls;
  MemoryBlobStore blobs;
  VirtualClock clock;
  Provider provider;
  Events events;
  Businesses businesses{calls, clock, ProviderDefaults{}};
  std::vector<Damage> damages;
};

TEST_F(KeepingTest, a_recording_goes_when_its_retention_ends_and_not_before) {
  put_rules(1, false);
  store(1);
  EXPECT_EQ(run_task(end_retentions(calls, events, clock.system_now())).value(), 0);
  EXPECT_EQ(run_task(end_retentions(calls, events, clock.system_now() + std::chrono::days(1))).value(), 1);
  EXPECT_EQ(find(1).state, RecordingState::kDeleted);
  EXPECT_EQ(events.names, std::vector<std::string>{"RECORDING_EXPIRED"});
}

TEST_F(KeepingTest, a_shorter_retention_reaches_what_was_stored_before) {
  store(1);
  put_rules(1, false);
  EXPECT_EQ(run_task(end_retentions(calls, events, clock.system_now() + std::chrono::days(1))).value(), 1);
}

TEST_F(KeepingTest, more_than_a_batch_expires_in_one_pass) {
  put_rules(1, false);
  for (int n = 1; n <= kExpireBatch + 1; ++n) store(n);
  EXPECT_EQ(run_task(end_retentions(calls, events, clock.system_now() + std::chrono::days(1))).value(),
            kExpireBatch + 1);
}

TEST_F(KeepingTest, a_number_is_erased_however_it_was_written_and_no_other_that_contains_it) {
  store(1, "one", "+1 (415) 555-0100");
  store(2, "two", "+14155550100");
  store(3, "three", "+141555501009");
  const ErasureReport looked = erase_number("14155550100", true);
  EXPECT_EQ(looked.calls, 2);
  EXPECT_EQ(blobs.blobs().size(), 3U);
  const ErasureReport report = erase_number("14155550100");
  EXPECT_EQ(report.calls, 2);
  EXPECT_EQ(report.recordings, 2);
  EXPECT_EQ(report.blobs, 2);
  EXPECT_EQ(blobs.blobs().size(), 1U);
  EXPECT_FALSE(find(1).audio);
  EXPECT_EQ(find(3).state, RecordingState::kStored);
  EXPECT_EQ(erase_number("14155550100").calls, 0);
}

TEST_F(KeepingTest, everything_of_a_business_is_erased_but_what_is_held) {
  for (int n = 1; n <= kCallPageMax + 5; ++n) store(n, "sound", "+14155550100");
  ASSERT_TRUE(run_task(calls.set_hold(acme, to_sid(call_sid(7)), Hold{"case 4711", clock.system_now()})));
  const ErasureReport report = erase_number("");
  EXPECT_EQ(report.recordings, kCallPageMax + 4);
  ASSERT_EQ(report.held.size(), 1U);
  EXPECT_EQ(report.held.front().sid, to_sid(call_sid(7)));
  EXPECT_EQ(blobs.blobs().size(), 1U);
}

TEST_F(KeepingTest, part_of_a_number_is_refused) {
  EXPECT_EQ(number_digits("+1 (415) 555-0100").value_or(""), "14155550100");
  for (const char* text : {"", "+1", "415", "sip:anna", "1234567890123456"}) {
    EXPECT_FALSE(number_digits(text)) << text;
  }
}

TEST_F(KeepingTest, a_wrong_byte_and_a_missing_blob_are_found_and_noted) {
  store(1);
  store(2, "as it was");
  store(3);
  blobs.put("blob-2", "as it wax");
  EXPECT_TRUE(run_task(blobs.remove("blob-3")));
  const VerifyReport report = verify(false);
  EXPECT_EQ(report.verified, 1);
  EXPECT_EQ(report.damaged, 2);
  EXPECT_TRUE(report.is_whole);
  EXPECT_FALSE(find(1).damage);
  EXPECT_TRUE(find(2).damage);
  EXPECT_TRUE(find(3).damage);
  EXPECT_EQ(find(2).state, RecordingState::kStored);
}

TEST_F(KeepingTest, a_blob_that_was_restored_is_good_again) {
  store(1, "as it was");
  blobs.put("blob-1", "as it wax");
  verify(false);
  blobs.put("blob-1", "as it was");
  EXPECT_EQ(verify(false).damaged, 0);
  EXPECT_FALSE(find(1).damage);
}

TEST_F(KeepingTest, repairing_queues_what_the_provider_still_has) {
  store(1, "as it was");
  blobs.put("blob-1", "as it wax");
  EXPECT_EQ(verify(true).refetched, 1);
  EXPECT_EQ(find(1).state, RecordingState::kQueued);
  EXPECT_EQ(find(1).lane, Lane::kFetch);
}

TEST_F(KeepingTest, repairing_leaves_recordings_that_the_provider_no_longer_has_or_cannot_tell_of) {
  store(1, "as it was");
  blobs.put("blob-1", "as it wax");
  provider.described = RemoteStatus::kAbsent;
  EXPECT_EQ(verify(true).refetched, 0);
  EXPECT_EQ(damages.back().outcome, DamageOutcome::kGone);
  provider.described = fail(Errc::kProviderUnreachable, "no route");
  EXPECT_EQ(verify(true).refetched, 0);
  EXPECT_EQ(damages.back().outcome, DamageOutcome::kUnasked);
  EXPECT_EQ(find(1).state, RecordingState::kStored);
}

TEST_F(KeepingTest, bytes_are_read_no_faster_than_the_pace) {
  ReadPace pace(clock, 1'000);
  boost::asio::io_context context;
  bool ended = false;
  boost::asio::co_spawn(context, pace.read(5'000, {}), [&ended](std::exception_ptr) { ended = true; });
  context.poll();
  EXPECT_FALSE(ended);
  ASSERT_TRUE(clock.next_deadline());
  EXPECT_EQ(*clock.next_deadline() - clock.steady_now(), std::chrono::seconds(5));
  clock.advance(std::chrono::seconds(5));
  context.run();
  EXPECT_TRUE(ended);
}

TEST_F(KeepingTest, a_verified_archive_lets_the_provider_forget_once) {
  put_rules(0, true);
  store(1, sound());
  delete_sources();
  EXPECT_EQ(provider.removed, std::vector<std::string>{recording_sid(1).str()});
  EXPECT_TRUE(find(1).source_gone);
  EXPECT_EQ(find(1).state, RecordingState::kStored);
  EXPECT_EQ(events.names, std::vector<std::string>{"SOURCE_DELETED"});
  ASSERT_EQ(calls.audit().size(), 1U);
  EXPECT_EQ(calls.audit().front().action, "delete_at_provider");
  delete_sources();
  EXPECT_EQ(provider.removed.size(), 1U);
}

TEST_F(KeepingTest, nothing_is_deleted_at_the_provider_while_the_archive_is_wrong_missing_or_not_audio) {
  put_rules(0, true);
  store(1, sound());
  std::string wrong = sound();
  wrong.back() = 'x';
  blobs.put("blob-1", wrong);
  store(2, sound());
  EXPECT_TRUE(run_task(blobs.remove("blob-2")));
  store(3, "<html>no audio at all, though it was stored</html>");
  delete_sources();
  EXPECT_TRUE(provider.removed.empty());
  for (int n = 1; n <= 3; ++n) {
    EXPECT_TRUE(find(n).damage) << n;
    EXPECT_FALSE(find(n).source_due_at) << n;
  }
}

TEST_F(KeepingTest, a_business_that_turns_it_off_keeps_its_recordings_at_the_provider) {
  put_rules(0, true);
  store(1, sound());
  put_rules(0, false);
  delete_sources();
  EXPECT_TRUE(provider.removed.empty());
  EXPECT_FALSE(find(1).source_due_at);
  EXPECT_FALSE(find(1).source_gone);
}

TEST_F(KeepingTest, a_deletion_that_fails_is_tried_again_later) {
  put_rules(0, true);
  store(1, sound());
  provider.answer = fail(Errc::kProviderServerError, "503");
  delete_sources();
  delete_sources();
  EXPECT_EQ(provider.removed.size(), 1U);
  EXPECT_EQ(find(1).source_due_at, clock.system_now() + kSourceRetry);
  EXPECT_EQ(events.names, std::vector<std::string>{"SOURCE_NOT_DELETED"});
  provider.answer = {};
  clock.advance(kSourceRetry);
  delete_sources();
  EXPECT_TRUE(find(1).source_gone);
}

}  // namespace
}  // namespace tapedeck
