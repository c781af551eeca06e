#include "app/import.hpp"

#include "app/upkeep_names.hpp"
#include "slots/import_feed.hpp"
#include "tests/app/upkeep/upkeep_world.hpp"

// Imports: what is written down, what is left alone, and that they go on where they were.

namespace tapedeck {
namespace {

class ImportTest : public UpkeepWorld {
 protected:
  ImportRequest request() {
    ImportRequest wanted;
    wanted.business = acme;
    wanted.waits = false;
    return wanted;
  }
  Result<ImportOutcome> bring(const ImportRequest& wanted) {
    Importer importer({rows, businesses, listing, clock});
    return run(importer.run(wanted, [this](const ImportProgress& progress) { see(progress); }, stop.get_token()));
  }
  ImportOutcome brought(const ImportRequest& wanted) {
    auto outcome = bring(wanted);
    EXPECT_TRUE(outcome) << outcome.error().detail;
    return outcome.value_or(ImportOutcome{});
  }
  ImportOutcome brought() { return brought(request()); }
  virtual void see(const ImportProgress& progress) {
    if (on_progress) on_progress(progress);
  }
  static std::int64_t queued(const ImportOutcome& outcome) {
    return count_in(outcome.progress.tally, {RecordingState::kQueued});
  }
  static const ImportCounts& counts(const ImportOutcome& outcome) { return outcome.progress.import.counts; }

  std::stop_source stop;
  std::function<void(const ImportProgress&)> on_progress;
};

TEST_F(ImportTest, writes_down_every_page_in_the_automatic_lane_newest_first) {
  list(7);
  const ImportOutcome outcome = brought();
  EXPECT_EQ(outcome.end, ImportEnd::kListed);
  EXPECT_EQ(counts(outcome).listed, 7);
  EXPECT_EQ(queued(outcome), 7);
  EXPECT_EQ(provider.asked.size(), 3U);
  EXPECT_EQ(provider.asked[0].login.auth_token, "secret");
  const auto waiting = run(rows.waiting_fetches(acme, clock.system_now(), 10)).value();
  ASSERT_EQ(waiting.size(), 7U);
  EXPECT_EQ(waiting.front(), to_sid(call(7)));
}

TEST_F(ImportTest, a_dry_run_counts_and_writes_nothing) {
  list(5);
  ImportRequest wanted = request();
  wanted.dry_run = true;
  const ImportOutcome outcome = brought(wanted);
  EXPECT_EQ(outcome.progress.would_queue, 5);
  EXPECT_TRUE(rows.recordings().empty());
  EXPECT_TRUE(run(rows.importing_since(SystemTime{})).value().empty());
  EXPECT_EQ(provider.calls_asked, 0);
}

TEST_F(ImportTest, leaves_alone_what_is_there_already_and_says_so) {
  list(8);
  provider.recordings.push_back(listed(9, clock.system_now() - Seconds(200), 1, AnnouncedStatus::kInProgress));
  provider.recordings.push_back(listed(10, clock.system_now() - Seconds(201), 1, AnnouncedStatus::kAbsent));
  (void)stored(1);
  ASSERT_TRUE(run(rows.announce(acme, listed(2, clock.system_now()).told, clock.system_now())));  // waits
  (void)stored(3);
  ASSERT_TRUE(run(rows.remove(acme, to_sid(recording(3)))));
  RecordingAnnouncement absent = listed(4, clock.system_now(), 1, AnnouncedStatus::kAbsent).told;
  ASSERT_TRUE(run(rows.announce(acme, absent, clock.system_now())));
  CallUpdate told;  // known, not asked for
  told.call = call(5);
  told.recording = RecordingUpdate{recording(5), account(1), std::nullopt};
  ASSERT_TRUE(run(rows.put_call(acme, told, clock.system_now())));
  const ImportOutcome outcome = brought();
  const ImportCounts expected{10, 1, 1, 0, 3, 1, 0, 0};
  EXPECT_EQ(counts(outcome), expected);
  EXPECT_EQ(queued(outcome), 4);
  EXPECT_EQ(state(3), RecordingState::kDeleted);
  EXPECT_EQ(state(4), RecordingState::kAbsent);
  EXPECT_EQ(state(5), RecordingState::kQueued);
  EXPECT_FALSE(find(9));
}

TEST_F(ImportTest, keeps_what_the_provider_knows_of_a_call_and_does_not_ask_for_what_is_known) {
  list(2);
  CallUpdate told;
  told.call = call(1);
  told.from = "+14155550100";
  told.to = "+14155550101";
  told.direction = CallDirection::kInbound;
  told.started_at = clock.system_now() - Seconds(500);
  provider.calls[call(1)] = told;
  CallUpdate known;
  known.call = call(2);
  known.from = "Alice";
  ASSERT_TRUE(run(rows.put_call(acme, known, clock.system_now())));
  (void)brought();
  const auto first = run(rows.find_call(acme, call(1))).value().value();
  EXPECT_EQ(first.from, "+14155550100");
  EXPECT_EQ(first.direction, CallDirection::kInbound);
  EXPECT_EQ(first.started_at, told.started_at);
  EXPECT_EQ(run(rows.find_call(acme, call(2))).value()->from, "Alice");
  EXPECT_EQ(provider.calls_asked, 1);
}

TEST_F(ImportTest, a_call_that_cannot_be_asked_for_holds_up_no_recording) {
  list(2);
  provider.before_call = [](const CallSid&) { return fail(Errc::kProviderRejected, "no"); };
  EXPECT_EQ(queued(brought()), 2);
}

TEST_F(ImportTest, goes_on_where_it_was_stopped_and_counts_each_recording_once) {
  list(10);
  on_progress = [this](const ImportProgress& progress) {
    if (progress.import.counts.listed >= 6) stop.request_stop();
  };
  const ImportOutcome stopped = brought();
  EXPECT_EQ(stopped.end, ImportEnd::kStopped);
  EXPECT_LT(rows.recordings().size(), 10U);
  stop = std::stop_source();
  on_progress = {};
  provider.asked.clear();
  const ImportOutcome outcome = brought();
  EXPECT_EQ(outcome.progress.import.id, stopped.progress.import.id);
  EXPECT_EQ(provider.asked.front().page, "3");
  EXPECT_EQ(counts(outcome).listed, 10);
  EXPECT_EQ(queued(outcome), 10);
  EXPECT_EQ(counts(outcome).waiting_before, 0);
}

// As after a kill: the rows of a page are there, and its place was not saved.
TEST_F(ImportTest, what_it_wrote_down_before_it_was_killed_is_its_own) {
  list(3);
  const Import begun = run(rows.open_import(acme, {account(1), {}, {}}, false, clock.system_now())).value();
  RecordingAnnouncement told = listed(2, clock.system_now()).told;
  told.import = begun.id;
  ASSERT_TRUE(run(rows.announce(acme, told, clock.system_now())));
  const ImportOutcome outcome = brought();
  EXPECT_EQ(queued(outcome), 3);
  EXPECT_EQ(counts(outcome).waiting_before, 0);
  EXPECT_EQ(provider.calls_asked, 3);
}

TEST_F(ImportTest, begins_anew_when_the_provider_knows_the_kept_place_no_more) {
  list(4);
  Import begun = run(rows.open_import(acme, {account(1), {}, {}}, false, clock.system_now())).value();
  begun.next_page = "3";
  begun.counts.listed = 3;
  ASSERT_TRUE(run(rows.save_import(begun)));
  provider.before_page = [](const ListingRequest& asked) -> Result<void> {
    if (asked.page == "3" && asked.page_size > 0) return fail(Errc::kProviderRejected, "PageToken is not one of ours");
    return {};
  };
  provider.page_size = 10;
  const ImportOutcome outcome = brought();
  EXPECT_EQ(counts(outcome).listed, 4);
  EXPECT_EQ(queued(outcome), 4);
}

TEST_F(ImportTest, a_second_import_after_a_finished_one_lists_again) {
  list(3);
  (void)brought();
  for (int n = 1; n <= 3; ++n) (void)store(n, acme);
  provider.recordings.insert(provider.recordings.begin(), listed(4, clock.system_now()));
  const ImportOutcome outcome = brought();
  EXPECT_EQ(counts(outcome).listed, 4);
  EXPECT_EQ(counts(outcome).stored_before, 3);
  EXPECT_EQ(queued(outcome), 1);
}

TEST_F(ImportTest, asks_again_after_429_and_5xx_and_gives_up_at_last) {
  list(1);
  int refusals = 3;
  provider.before_page = [&](const ListingRequest&) -> Result<void> {
    if (refusals-- > 0) return fail(Errc::kProviderRateLimited, "429");
    return {};
  };
  EXPECT_EQ(queued(brought()), 1);
  refusals = 1'000;
  ImportRequest wanted = request();
  wanted.restart = true;
  provider.asked.clear();
  EXPECT_EQ(bring(wanted).error().errc(), Errc::kProviderRateLimited);
  EXPECT_EQ(std::ssize(provider.asked), kListingBackoff.max_attempts);
}

TEST_F(ImportTest, does_not_ask_again_when_that_cannot_help) {
  provider.before_page = [](const ListingRequest&) { return fail(Errc::kProviderUnauthorized, "401"); };
  EXPECT_EQ(bring(request()).error().errc(), Errc::kProviderUnauthorized);
  EXPECT_EQ(provider.asked.size(), 1U);
}

TEST_F(ImportTest, of_a_shared_account_takes_only_what_the_calls_show_to_be_ours) {
  const BusinessId globex = business_id("globex");
  add_business(globex, account(1));
  list(4);
  CallUpdate ours;
  ours.call = call(1);
  ASSERT_TRUE(run(rows.put_call(acme, ours, clock.system_now())));
  ASSERT_TRUE(run(rows.announce(globex, listed(2, clock.system_now()).told, clock.system_now())));
  const ImportOutcome outcome = brought();
  EXPECT_EQ(queued(outcome), 1);
  EXPECT_EQ(counts(outcome).not_ours, 3);
  ImportRequest wanted = request();
  wanted.whole_account = true;
  wanted.restart = true;
  const ImportOutcome whole = brought(wanted);
  EXPECT_EQ(queued(whole), 2);
  EXPECT_EQ(counts(whole).not_ours, 1);
}

TEST_F(ImportTest, says_what_is_missing) {
  ImportRequest unknown = request();
  unknown.business = business_id("nobody");
  EXPECT_EQ(bring(unknown).error().errc(), Errc::kNotFound);
  const BusinessId bare = business_id("bare");
  Business without_account;
  without_account.id = bare;
  ASSERT_TRUE(run(rows.put_business(without_account)));
  ImportRequest wanted = request();
  wanted.business = bare;
  const auto refused = bring(wanted);
  EXPECT_EQ(refused.error().errc(), Errc::kInvalidArgument);
  EXPECT_NE(refused.error().detail.find("--account-sid"), std::string::npos);
}

TEST_F(ImportTest, waits_until_nothing_of_it_waits_any_more) {
  list(2);
  ASSERT_TRUE(run(rows.take_lease(kUpkeepLease, "worker", clock.system_now(), Milliseconds(3'600'000))));
  int looks = 0;
  on_progress = [&](const ImportProgress& progress) {
    if (progress.phase != ImportPhase::kFetching) return;
    ++looks;
    for (const Recording& one : rows.recordings()) {
      if (looks != 3 || one.state != RecordingState::kQueued) continue;
      // The fake's tasks never suspend, so that this may be done here.
      (void)run(rows.begin_attempt(acme, one.sid));
      (void)run(rows.commit_stored(one.row_id, one.fence, StoredAudio{}));
    }
  };
  ImportRequest wanted = request();
  wanted.waits = true;
  const ImportOutcome outcome = brought(wanted);
  EXPECT_EQ(outcome.end, ImportEnd::kDone);
  EXPECT_EQ(count_in(outcome.progress.tally, {RecordingState::kStored}), 2);
  EXPECT_EQ(looks, 4);
}

TEST_F(ImportTest, does_not_wait_for_a_worker_that_is_not_there_nor_for_a_paused_business) {
  list(2);
  ImportRequest wanted = request();
  wanted.waits = true;
  const SteadyTime began = clock.steady_now();
  EXPECT_EQ(brought(wanted).end, ImportEnd::kNoWorker);
  EXPECT_GE(clock.steady_now() - began, kNoWorkerPatience);
  add_business(acme, account(1), true);
  clock.advance(kBusinessCacheTtl);
  ASSERT_TRUE(run(rows.take_lease(kUpkeepLease, "worker", clock.system_now(), Milliseconds(3'600'000))));
  EXPECT_EQ(brought(wanted).end, ImportEnd::kPaused);
}

TEST_F(ImportTest, feeding_brings_the_slot_store_a_window_of_what_was_written_down) {
  list(30);
  (void)brought();
  EXPECT_EQ(run(feed_fetches(rows, slots, requests, acme, clock.system_now())).value(), 20);
  const QueueState view = run(slots.view(acme, 100)).value();
  EXPECT_EQ(view.active, 3);
  EXPECT_EQ(view.waiting_fetch, 17);
  EXPECT_EQ(run(feed_fetches(rows, slots, requests, acme, clock.system_now())).value(), 0);
}

}  // namespace
}  // namespace tapedeck
