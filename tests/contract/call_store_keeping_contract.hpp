#pragma once

// What is kept how long, held, damaged, erased, deleted at the provider; and the audit.

#include <set>

#include "tests/contract/call_store_fixture.hpp"

namespace tapedeck::contract {

class KeepingContract : public CallStoreContract {
 protected:
  void put_rules(int retention_days, bool delete_at_provider = false) {
    Business business;
    business.id = acme;
    business.retention_days = retention_days;
    business.delete_at_provider = delete_at_provider;
    ASSERT_TRUE(run_task(store().put_business(business)));
  }
  void reschedule(int limit = 100) {
    int steps = 0;
    while (run_task(store().reschedule_deletions(limit)).value_or(false)) ASSERT_LT(++steps, 100);
  }
  std::vector<Recording> expire(SystemTime now, int limit = 100) {
    const auto gone = run_task(store().expire(now, limit));
    EXPECT_TRUE(gone) << gone.error().detail;
    return gone.value_or(std::vector<Recording>{});
  }
  Result<RecordingChange> hold(int n, std::optional<Hold> hold) {
    return run_task(store().set_hold(acme, to_sid(call_sid(n)), std::move(hold)));
  }
  std::vector<AuditEntry> audit() {
    AuditQuery query;
    query.business = acme;
    const auto page = run_task(store().list_audit(query));
    EXPECT_TRUE(page);
    return page ? page->entries : std::vector<AuditEntry>{};
  }
  ErasedCall erase(int n, bool looks_only = false) {
    const EraseOrder order{"command:root", "a number", kNow, looks_only};
    const auto erased = run_task(store().erase_call(acme, call_sid(n), order));
    EXPECT_TRUE(erased) << erased.error().detail;
    return erased.value_or(ErasedCall{});
  }
  void damage(const Recording& recording, std::optional<std::string> what) {
    const auto noted = run_task(store().note_damage(recording.row_id, recording.audio->blob_key, std::move(what)));
    ASSERT_TRUE(noted);
    EXPECT_TRUE(*noted);
  }
  RecordingChange refetch(int n, Lane lane = Lane::kFetch) {
    const auto change = run_task(store().refetch(acme, to_sid(call_sid(n)), lane, kNow));
    EXPECT_TRUE(change);
    return change.value_or(RecordingChange{});
  }

  static Hold lawsuit() { return {"case 4711", kNow}; }
  static constexpr std::chrono::days kDay{1};
};

TEST_P(KeepingContract, a_business_keeps_for_ever_and_deletes_nothing_at_the_provider_unless_it_says_so) {
  const auto business = run_task(store().find_business(acme));
  ASSERT_TRUE(business && *business);
  EXPECT_EQ((*business)->retention_days, 0);
  EXPECT_FALSE((*business)->delete_at_provider);
  const Recording kept = stored(1);
  EXPECT_FALSE(kept.delete_at);
  EXPECT_FALSE(kept.source_due_at);
  EXPECT_TRUE(expire(kNow + 10'000 * kDay).empty());
}

TEST_P(KeepingContract, the_keeping_rules_of_a_business_are_kept) {
  put_rules(90, true);
  const auto business = run_task(store().find_business(acme));
  ASSERT_TRUE(business && *business);
  EXPECT_EQ((*business)->retention_days, 90);
  EXPECT_TRUE((*business)->delete_at_provider);
}

TEST_P(KeepingContract, the_time_of_deletion_is_computed_when_a_recording_is_stored) {
  put_rules(30);
  EXPECT_EQ(stored(1).delete_at, audio().stored_at + 30 * kDay);
}

TEST_P(KeepingContract, the_retention_counts_from_when_the_recording_was_made_where_that_is_known) {
  put_rules(30);
  RecordingAnnouncement told = announcement(1);
  told.started_at = kNow - 10 * kDay;
  announce(told);
  const Recording taken = begin(1);
  ASSERT_TRUE(run_task(store().commit_stored(taken.row_id, taken.fence, audio())));
  EXPECT_EQ(find(1).delete_at, kNow + 20 * kDay);
}

TEST_P(KeepingContract, a_changed_retention_reaches_stored_recordings_in_steps) {
  for (int n = 1; n <= 5; ++n) stored(n);
  put_call(call_with_recording(6));
  put_rules(7);
  EXPECT_FALSE(find(1).delete_at);
  EXPECT_TRUE(run_task(store().reschedule_deletions(2)).value_or(false));
  int done = 0;
  for (int n = 1; n <= 5; ++n) done += find(n).delete_at ? 1 : 0;
  EXPECT_EQ(done, 2);
  reschedule(2);
  for (int n = 1; n <= 5; ++n) EXPECT_EQ(find(n).delete_at, audio().stored_at + 7 * kDay);
  EXPECT_FALSE(find(6).delete_at);
  put_rules(0);
  reschedule();
  EXPECT_FALSE(find(3).delete_at);
  EXPECT_FALSE(run_task(store().reschedule_deletions(10)).value_or(true));
}

TEST_P(KeepingContract, another_change_of_a_business_moves_no_deletion) {
  put_rules(7);
  reschedule();
  put_rules(7, true);
  EXPECT_FALSE(run_task(store().reschedule_deletions(10)).value_or(true));
}

TEST_P(KeepingContract, a_due_recording_expires_with_an_entry_in_the_audit) {
  put_rules(30);
  const Recording first = stored(1);
  EXPECT_TRUE(expire(audio().stored_at + 30 * kDay - Milliseconds(1)).empty());
  const auto gone = expire(audio().stored_at + 30 * kDay);
  ASSERT_EQ(gone.size(), 1U);
  EXPECT_EQ(gone.front().row_id, first.row_id);
  EXPECT_EQ(gone.front().audio->blob_key, audio().blob_key);
  const Recording after = find(1);
  EXPECT_EQ(after.state, RecordingState::kDeleted);
  EXPECT_EQ(after.fence, first.fence + 1);
  EXPECT_EQ(after.audio->sha256, "");
  EXPECT_FALSE(after.delete_at);
  EXPECT_EQ(run_task(store().deleted_with_blob(10))->size(), 1U);
  const auto entries = audit();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries.front().actor, "retention");
  EXPECT_EQ(entries.front().action, "expire");
  EXPECT_EQ(entries.front().sid, first.sid.str());
  EXPECT_TRUE(expire(audio().stored_at + 31 * kDay).empty());
}

TEST_P(KeepingContract, no_more_expire_at_once_than_asked_for) {
  put_rules(1);
  for (int n = 1; n <= 3; ++n) stored(n);
  EXPECT_EQ(expire(kNow + 9 * kDay, 2).size(), 2U);
  EXPECT_EQ(expire(kNow + 9 * kDay, 2).size(), 1U);
}

TEST_P(KeepingContract, a_longer_retention_holds_before_the_rows_have_followed) {
  put_rules(1);
  stored(1);
  put_rules(100);
  EXPECT_TRUE(expire(kNow + 9 * kDay).empty());
  put_rules(0);
  EXPECT_TRUE(expire(kNow + 900 * kDay).empty());
}

TEST_P(KeepingContract, a_hold_stops_every_deletion_until_it_ends) {
  put_rules(1);
  stored(1);
  const auto held = hold(1, lawsuit());
  ASSERT_TRUE(held);
  EXPECT_TRUE(held->changed);
  EXPECT_EQ(find(1).hold, lawsuit());
  EXPECT_TRUE(expire(kNow + 9 * kDay).empty());
  const auto removed = run_task(store().remove(acme, to_sid(call_sid(1))));
  ASSERT_EQ(errc_of(removed), Errc::kConflict);
  EXPECT_NE(removed.error().detail.find("hold"), std::string::npos) << removed.error().detail;
  EXPECT_EQ(erase(1).held.size(), 1U);
  EXPECT_EQ(find(1).state, RecordingState::kStored);
  ASSERT_TRUE(hold(1, std::nullopt));
  EXPECT_FALSE(find(1).hold);
  EXPECT_EQ(expire(kNow + 9 * kDay).size(), 1U);
}

TEST_P(KeepingContract, a_second_hold_changes_the_reason_alone) {
  put_call(call_with_recording(1));
  ASSERT_TRUE(hold(1, lawsuit()));
  EXPECT_FALSE(hold(1, lawsuit())->changed);
  const auto again = hold(1, Hold{"case 4712", kNow + kDay});
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->changed);
  EXPECT_EQ(find(1).hold, (Hold{"case 4712", kNow}));
  EXPECT_TRUE(hold(1, std::nullopt)->changed);
  EXPECT_FALSE(hold(1, std::nullopt)->changed);
}

TEST_P(KeepingContract, a_deleted_or_unknown_recording_cannot_be_held) {
  put_call(call_with_recording(1));
  remove(1);
  EXPECT_EQ(errc_of(hold(1, lawsuit())), Errc::kConflict);
  EXPECT_EQ(errc_of(hold(9, lawsuit())), Errc::kNotFound);
  EXPECT_EQ(errc_of(run_task(store().set_hold(globex, to_sid(call_sid(1)), lawsuit()))), Errc::kNotFound);
}

TEST_P(KeepingContract, an_erased_call_has_neither_recordings_nor_parties_and_is_not_found) {
  CallUpdate update = call_with_recording(1);
  update.from = "+14155550100";
  update.to = "Ann";
  put_call(update);
  want(1);
  const Recording taken = begin(1);
  ASSERT_TRUE(run_task(store().commit_stored(taken.row_id, taken.fence, audio())));
  RecordingAnnouncement further = announcement(1);
  further.recording = recording_sid(2);
  announce(further);

  const ErasedCall looked = erase(1, true);
  EXPECT_TRUE(looked.had_parties);
  EXPECT_EQ(looked.erased.size(), 2U);
  EXPECT_EQ(find(1).state, RecordingState::kStored);
  EXPECT_TRUE(audit().empty());

  const ErasedCall erased = erase(1);
  ASSERT_EQ(erased.erased.size(), 2U);
  EXPECT_EQ(find(1).state, RecordingState::kDeleted);
  EXPECT_EQ(find(to_sid(recording_sid(2))).state, RecordingState::kDeleted);
  EXPECT_TRUE(waiting().empty());
  for (const char* search : {"+14155550100", "5550100", "ann"}) {
    CallQuery query;
    query.search = search;
    EXPECT_TRUE(list(query).calls.empty()) << search;
  }
  ASSERT_EQ(list().calls.size(), 1U);
  EXPECT_EQ(list().calls.front().from, "");
  EXPECT_EQ(list().calls.front().to, "");
  ASSERT_EQ(audit().size(), 2U);
  EXPECT_EQ(audit().front().action, "erase");
  EXPECT_EQ(audit().front().actor, "command:root");
  EXPECT_TRUE(erase(1).erased.empty());
  EXPECT_EQ(errc_of(run_task(store().erase_call(globex, call_sid(1), EraseOrder{}))), Errc::kNotFound);
}

TEST_P(KeepingContract, a_call_is_left_whole_where_one_of_its_recordings_is_held) {
  CallUpdate update = call_with_recording(1);
  update.from = "+14155550100";
  put_call(update);
  RecordingAnnouncement further = announcement(1);
  further.recording = recording_sid(2);
  announce(further);
  ASSERT_TRUE(run_task(store().set_hold(acme, to_sid(recording_sid(2)), lawsuit())));
  const ErasedCall erased = erase(1);
  EXPECT_TRUE(erased.erased.empty());
  ASSERT_EQ(erased.held.size(), 1U);
  EXPECT_EQ(find(1).state, RecordingState::kRemote);
  EXPECT_EQ(list().calls.front().from, "+14155550100");
}

TEST_P(KeepingContract, the_recordings_of_a_business_are_paged_by_name) {
  for (int n = 1; n <= 5; ++n) put_call(call_with_recording(n));
  std::set<std::string> seen;
  std::string after;
  for (int pages = 0; pages < 10; ++pages) {
    const auto page = run_task(store().recordings_of(acme, after, 2));
    ASSERT_TRUE(page);
    if (page->empty()) break;
    EXPECT_LE(page->size(), 2U);
    for (const Recording& recording : *page) {
      EXPECT_GT(recording.sid.str(), after);
      after = recording.sid.str();
      seen.insert(after);
    }
  }
  EXPECT_EQ(seen.size(), 5U);
  EXPECT_TRUE(run_task(store().recordings_of(globex, "", 10))->empty());
}

TEST_P(KeepingContract, damage_is_noted_of_the_blob_that_was_checked) {
  const Recording kept = stored(1);
  damage(kept, "cut");
  EXPECT_EQ(find(1).damage, "cut");
  damage(kept, std::nullopt);
  EXPECT_FALSE(find(1).damage);
  const auto other = run_task(store().note_damage(kept.row_id, "another/key", "cut"));
  ASSERT_TRUE(other);
  EXPECT_FALSE(*other);
  remove(1);
  EXPECT_FALSE(run_task(store().note_damage(kept.row_id, kept.audio->blob_key, "cut")).value_or(true));
}

TEST_P(KeepingContract, only_a_damaged_recording_is_fetched_again) {
  const Recording kept = stored(1);
  EXPECT_FALSE(refetch(1).changed);
  damage(kept, "cut");
  const auto again = refetch(1, Lane::kPlay);
  EXPECT_TRUE(again.changed);
  EXPECT_EQ(again.recording.state, RecordingState::kQueued);
  EXPECT_EQ(again.recording.lane, Lane::kPlay);
  EXPECT_FALSE(again.recording.audio);
  EXPECT_EQ(again.recording.cause, (Cause{"corrupt", "cut"}));
  ASSERT_EQ(waiting().size(), 1U);
  EXPECT_FALSE(refetch(1).changed);

  const Recording taken = begin(1);
  EXPECT_GT(taken.fence, kept.fence);
  ASSERT_TRUE(run_task(store().commit_stored(taken.row_id, taken.fence, audio())));
  EXPECT_FALSE(find(1).damage);
  EXPECT_EQ(find(1).state, RecordingState::kStored);
}

TEST_P(KeepingContract, a_damaged_recording_that_the_provider_no_longer_has_stays_stored_and_damaged) {
  damage(stored(1), "cut");
  refetch(1);
  const Recording taken = begin(1);
  AttemptFailure gone = failure(std::nullopt);
  gone.final_state = RecordingState::kAbsent;
  ASSERT_TRUE(run_task(store().fail_attempt(taken.row_id, taken.fence, gone)));
  const Recording after = find(1);
  EXPECT_EQ(after.state, RecordingState::kStored);
  ASSERT_TRUE(after.audio);
  EXPECT_EQ(after.audio->blob_key, audio().blob_key);
  EXPECT_TRUE(after.source_gone);
  EXPECT_FALSE(after.cause);
  EXPECT_NE(after.damage.value_or("").find("no longer has it"), std::string::npos);
  EXPECT_FALSE(refetch(1).changed);
  EXPECT_FALSE(open_attempt());
}

TEST_P(KeepingContract, the_blob_of_what_is_deleted_while_it_is_fetched_again_is_still_known) {
  damage(stored(1), "cut");
  refetch(1);
  remove(1);
  ASSERT_EQ(run_task(store().deleted_with_blob(10))->size(), 1U);
  EXPECT_EQ(find(1).audio->blob_key, audio().blob_key);
}

TEST_P(KeepingContract, a_stored_recording_is_due_at_the_provider_once_its_business_wants_that) {
  stored(1);
  put_rules(0, true);
  const Recording second = stored(2);
  EXPECT_EQ(second.source_due_at, audio().stored_at);
  EXPECT_TRUE(run_task(store().due_source_deletions(audio().stored_at - Milliseconds(1), 10))->empty());
  const auto due = run_task(store().due_source_deletions(audio().stored_at, 10));
  ASSERT_TRUE(due);
  ASSERT_EQ(due->size(), 1U);
  EXPECT_EQ(due->front().row_id, second.row_id);

  SourceOutcome later;
  later.retry_at = kNow + kDay;
  ASSERT_TRUE(run_task(store().settle_source(second.row_id, later)));
  EXPECT_TRUE(run_task(store().due_source_deletions(kNow + Seconds(60), 10))->empty());
  EXPECT_EQ(run_task(store().due_source_deletions(kNow + kDay, 10))->size(), 1U);

  SourceOutcome done;
  done.is_gone = true;
  ASSERT_TRUE(run_task(store().settle_source(second.row_id, done)));
  EXPECT_TRUE(find(2).source_gone);
  EXPECT_FALSE(find(2).source_due_at);
  EXPECT_TRUE(run_task(store().due_source_deletions(kNow + 9 * kDay, 10))->empty());
  damage(find(2), "cut");
  EXPECT_FALSE(refetch(2).changed);
}

TEST_P(KeepingContract, a_damaged_or_deleted_recording_is_not_deleted_at_the_provider) {
  put_rules(0, true);
  damage(stored(1), "cut");
  stored(2);
  remove(2);
  EXPECT_TRUE(run_task(store().due_source_deletions(kNow + 9 * kDay, 10))->empty());
}

TEST_P(KeepingContract, a_late_word_of_the_provider_leaves_an_archive_alone_whose_source_is_gone) {
  put_rules(0, true);
  const Recording kept = stored(1);
  SourceOutcome done;
  done.is_gone = true;
  ASSERT_TRUE(run_task(store().settle_source(kept.row_id, done)));
  announce(announcement(1, AnnouncedStatus::kAbsent));
  announce(announcement(1));
  EXPECT_EQ(find(1).state, RecordingState::kStored);
  EXPECT_TRUE(find(1).audio);
}

TEST_P(KeepingContract, the_audit_is_listed_by_time_a_page_at_a_time) {
  std::vector<AuditEntry> entries;
  for (int i = 0; i < 5; ++i) {
    entries.push_back({.at = kNow + Seconds(i / 2),
                       .business = acme,
                       .actor = "key:7",
                       .action = "play",
                       .sid = call_sid(i).str(),
                       .detail = i == 3 ? "a \"quoted\" word" : ""});
  }
  entries.push_back({.at = kNow, .business = globex, .actor = "key:8", .action = "play", .sid = "CA9", .detail = {}});
  ASSERT_TRUE(run_task(store().append_audit(entries)));
  std::vector<std::string> seen;
  AuditQuery query;
  query.business = acme;
  query.limit = 2;
  for (int pages = 1;; ++pages) {
    const auto page = run_task(store().list_audit(query));
    ASSERT_TRUE(page);
    for (const AuditEntry& entry : page->entries) seen.push_back(entry.sid);
    if (!page->next) {
      EXPECT_EQ(pages, 3);
      break;
    }
    query.cursor = page->next;
  }
  ASSERT_EQ(seen.size(), 5U);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(seen[static_cast<std::size_t>(i)], call_sid(i).str());
  query.cursor.reset();
  query.since = kNow + Seconds(1);
  query.until = kNow + Seconds(2);
  const auto middle = run_task(store().list_audit(query));
  ASSERT_EQ(middle->entries.size(), 2U);
  EXPECT_FALSE(middle->next);
  EXPECT_EQ(middle->entries.back().detail, "a \"quoted\" word");
  EXPECT_EQ(middle->entries.back().at, kNow + Seconds(1));
}

}  // namespace tapedeck::contract
