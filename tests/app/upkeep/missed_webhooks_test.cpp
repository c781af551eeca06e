#include "app/upkeep/missed_webhooks.hpp"

#include "app/upkeep_names.hpp"
#include "tests/app/upkeep/upkeep_world.hpp"

// Recordings whose webhook never came: which are found, when, and whose they are.

namespace tapedeck {
namespace {

class MissedWebhooksTest : public UpkeepWorld {
 protected:
  int look() {
    auto found = run(missed.look(stop.get_token()));
    EXPECT_TRUE(found) << found.error().detail;
    return found.value_or(-1);
  }
  /// The account is known from now on.
  void begin() { EXPECT_EQ(look(), 0); }
  void add(int n, int of_account = 1) {
    provider.recordings.insert(provider.recordings.begin(), listed(n, clock.system_now(), of_account));
  }

  std::stop_source stop;
  MissedWebhooks missed{{rows, businesses, listing, webhooks, clock, events}};
};

TEST_F(MissedWebhooksTest, a_recording_without_a_webhook_is_taken_when_its_webhook_is_late) {
  begin();
  add(1);
  clock.advance(kListingEvery);
  EXPECT_EQ(look(), 1);
  const Recording found = find(1).value();
  EXPECT_EQ(found.state, RecordingState::kQueued);
  EXPECT_EQ(found.lane, Lane::kFetch);
  EXPECT_EQ(run(slots.view(acme, 10)).value().active, 1);
  EXPECT_EQ(events.lines("WEBHOOK_MISSED").size(), 1U);
  EXPECT_EQ(look(), 0);
}

TEST_F(MissedWebhooksTest, what_was_made_before_the_account_was_known_is_history) {
  add(1);
  clock.advance(Milliseconds(1));
  begin();
  clock.advance(kListingEvery);
  EXPECT_EQ(look(), 0);
  EXPECT_FALSE(find(1));
}

TEST_F(MissedWebhooksTest, a_fresh_recording_may_still_get_its_webhook) {
  begin();
  clock.advance(kListingEvery - kWebhookPatience + Milliseconds(1));
  add(1);
  clock.advance(kWebhookPatience - Milliseconds(1));
  EXPECT_EQ(look(), 0);
  clock.advance(kListingEvery);
  EXPECT_EQ(look(), 1);
}

TEST_F(MissedWebhooksTest, lists_once_an_hour_and_looks_back_over_a_day) {
  begin();
  clock.advance(kListingEvery - Milliseconds(1));
  (void)look();
  EXPECT_TRUE(provider.asked.empty());
  clock.advance(kListingOverlap);
  const SystemTime first = clock.system_now();
  (void)look();
  clock.advance(kListingOverlap * 2);
  (void)look();
  ASSERT_EQ(provider.asked.size(), 2U);
  EXPECT_EQ(provider.asked[1].since, first - kListingOverlap);
  EXPECT_EQ(provider.asked[1].until, clock.system_now() - kListingPause - kWebhookPatience);
}

TEST_F(MissedWebhooksTest, leaves_alone_what_is_known_deleted_or_not_completed) {
  begin();
  for (int n = 1; n <= 4; ++n) add(n);
  provider.recordings[0].told.status = AnnouncedStatus::kInProgress;  // 4
  (void)stored(1);
  (void)stored(2);
  ASSERT_TRUE(run(rows.remove(acme, to_sid(recording(2)))));
  RecordingAnnouncement absent = listed(3, clock.system_now(), 1, AnnouncedStatus::kAbsent).told;
  ASSERT_TRUE(run(rows.announce(acme, absent, clock.system_now())));
  clock.advance(kListingEvery);
  EXPECT_EQ(look(), 0);
  EXPECT_EQ(state(2), RecordingState::kDeleted);
  EXPECT_EQ(state(3), RecordingState::kAbsent);
  EXPECT_FALSE(find(4));
}

TEST_F(MissedWebhooksTest, a_recording_that_was_told_of_and_not_asked_for_is_taken) {
  begin();
  add(1);
  CallUpdate told;
  told.call = call(1);
  told.recording = RecordingUpdate{recording(1), account(1), std::nullopt};
  ASSERT_TRUE(run(rows.put_call(acme, told, clock.system_now())));
  clock.advance(kListingEvery);
  EXPECT_EQ(look(), 1);
  EXPECT_EQ(state(1), RecordingState::kQueued);
}

TEST_F(MissedWebhooksTest, a_shared_accounts_recording_is_that_ones_who_knows_the_call) {
  const BusinessId globex = business_id("globex");
  add_business(globex, account(1));
  begin();
  add(1);
  add(2);
  CallUpdate known;
  known.call = call(1);
  ASSERT_TRUE(run(rows.put_call(globex, known, clock.system_now())));
  clock.advance(kListingEvery);
  EXPECT_EQ(look(), 1);
  EXPECT_FALSE(find(1));
  EXPECT_TRUE(run(rows.find_recording(globex, to_sid(recording(1)))).value());
  EXPECT_EQ(provider.asked.size(), 1U);
}

TEST_F(MissedWebhooksTest, an_account_that_fails_holds_up_no_other_and_is_tried_again_later) {
  const BusinessId globex = business_id("globex");
  add_business(globex, account(2));
  begin();
  add(1, 2);
  clock.advance(kListingEvery);
  provider.before_page = [&](const ListingRequest& asked) -> Result<void> {
    if (asked.login.account == account(1)) return fail(Errc::kProviderUnauthorized, "401");
    return {};
  };
  EXPECT_EQ(look(), 1);
  EXPECT_EQ(events.lines("LISTING_FAILED").size(), 1U);
  provider.asked.clear();
  EXPECT_EQ(look(), 0);
  EXPECT_TRUE(provider.asked.empty());
  clock.advance(kListingRetry);
  (void)look();
  EXPECT_EQ(provider.asked.size(), 1U);
}

TEST_F(MissedWebhooksTest, an_operator_may_have_it_look_further_back_and_at_once) {
  add(1);
  clock.advance(kWebhookPatience + Milliseconds(1));
  begin();
  const UpkeepMark wanted{format_rfc3339(clock.system_now() - Seconds(3600)), std::nullopt};
  ASSERT_TRUE(run(rows.put_mark(listing_mark(account(1)), wanted)));
  EXPECT_EQ(look(), 1);
}

TEST_F(MissedWebhooksTest, a_stop_ends_the_look_between_two_pages) {
  begin();
  for (int n = 1; n <= 7; ++n) add(n);
  clock.advance(kListingEvery);
  provider.before_page = [this](const ListingRequest&) {
    stop.request_stop();
    return Result<void>();
  };
  EXPECT_EQ(look(), 0);
  EXPECT_EQ(provider.asked.size(), 1U);
  provider.before_page = [](const ListingRequest&) { return Result<void>(); };
  stop = std::stop_source();
  EXPECT_EQ(look(), 4);
}

TEST_F(MissedWebhooksTest, accounts_that_are_gone_are_not_remembered_as_failed) {
  begin();
  provider.before_page = [](const ListingRequest&) -> Result<void> { return fail(Errc::kUnavailable, "away"); };
  for (int n = 2; n <= 20; ++n) {
    clock.advance(kListingEvery);
    add_business(acme, account(n));
    begin();  // a new account is not listed at its first look
    clock.advance(kListingEvery);
    EXPECT_EQ(look(), 0);
    EXPECT_LE(missed.failed_accounts(), 1U);
  }
}

TEST_F(MissedWebhooksTest, a_look_that_somebody_asks_for_is_taken_at_once) {
  ASSERT_TRUE(run(missed.look_if_due(stop.get_token())));
  add(1);
  clock.advance(kWebhookPatience + Milliseconds(1));
  ASSERT_TRUE(run(missed.look_if_due(stop.get_token())));
  const UpkeepMark back{format_rfc3339(clock.system_now() - Seconds(3'600)), std::nullopt};
  ASSERT_TRUE(run(rows.put_mark(listing_mark(account(1)), back)));
  ASSERT_TRUE(run(missed.look_if_due(stop.get_token())));
  EXPECT_FALSE(find(1));
  const UpkeepMark wanted{"now", std::nullopt};
  ASSERT_TRUE(run(rows.put_mark(kWantedMark, wanted)));
  ASSERT_TRUE(run(missed.look_if_due(stop.get_token())));
  EXPECT_TRUE(find(1));
}

}  // namespace
}  // namespace tapedeck
