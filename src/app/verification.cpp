#include "app/verification.hpp"

namespace tapedeck {

Task<Result<void>> Verification::run(BusinessId business, std::string after_sid, VerifyReport* report,
                                     std::stop_token stop) {
  while (true) {
    auto page = co_await d_.calls.recordings_of(business, after_sid, kVerifyPage);
    if (!page) co_return fail(page.error());
    if (page->empty()) co_return Result<void>();
    for (Recording& recording : *page) {
      const std::string sid = recording.sid.str();
      if (recording.state == RecordingState::kStored) {
        auto verified = co_await verify(std::move(recording), report, stop);
        if (!verified) co_return fail(verified.error());
      }
      if (stop.stop_requested()) {
        report->is_whole = false;
        co_return Result<void>();
      }
      after_sid = sid;
      watch_.at(business, sid);
    }
  }
}

Task<Result<void>> Verification::verify(Recording recording, VerifyReport* report, std::stop_token stop) {
  auto checked = co_await check_archive(d_.blobs, recording, ArchiveCheck::kBytes, d_.pace, stop);
  if (stop.stop_requested()) co_return Result<void>();
  const bool is_damaged = !checked && checked.error().errc() == Errc::kCorrupt;
  if (!checked && !is_damaged) {
    ++report->unreadable;
    watch_.unreadable(recording, checked.error());
    co_return Result<void>();
  }
  std::optional<std::string> damage;
  if (is_damaged) damage = checked.error().detail;
  const bool is_news = recording.damage.has_value() != is_damaged;
  if (is_news) {
    auto noted = co_await d_.calls.note_damage(recording.row_id, recording.audio->blob_key, damage);
    if (!noted) co_return fail(noted.error());
    if (!*noted) co_return Result<void>();  // it was deleted, or fetched again, meanwhile
  }
  if (!is_damaged) {
    ++report->verified;
    co_return Result<void>();
  }
  ++report->damaged;
  Damage found{std::move(recording), *damage, DamageOutcome::kNoted, {}};
  if (d_.source != nullptr) {
    auto repaired = co_await repair(std::move(found), stop);
    if (!repaired) co_return fail(repaired.error());
    found = std::move(*repaired);
  }
  if (found.outcome == DamageOutcome::kRefetched) ++report->refetched;
  watch_.damaged(found);
  co_return Result<void>();
}

// The provider is asked first, so that nothing waits for what is not there.
Task<Result<Damage>> Verification::repair(Damage damage, std::stop_token stop) {
  if (damage.recording.source_gone) {
    damage.outcome = DamageOutcome::kGone;
    damage.why = "the provider has it no more";
    co_return damage;
  }
  auto business = co_await d_.businesses.find(damage.recording.business);
  if (!business) co_return fail(business.error());
  if (!*business) co_return damage;
  const FetchRequest request = request_for(**business, damage.recording);
  auto described = co_await d_.source->describe(request, stop);
  if (!described) {
    damage.outcome = DamageOutcome::kUnasked;
    damage.why = described.error().detail;
    co_return damage;
  }
  if (*described == RemoteStatus::kAbsent) {
    damage.outcome = DamageOutcome::kGone;
    damage.why = "the provider has it no more";
    co_return damage;
  }
  auto queued =
      co_await d_.calls.refetch(damage.recording.business, damage.recording.sid, Lane::kFetch, d_.clock.system_now());
  if (!queued) co_return fail(queued.error());
  if (queued->changed) damage.outcome = DamageOutcome::kRefetched;
  co_return damage;
}

}  // namespace tapedeck
