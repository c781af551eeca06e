#include "app/upkeep/missed_webhooks.hpp"

#include <algorithm>
#include <utility>

#include "app/upkeep_names.hpp"

namespace tapedeck {
namespace {

bool is_due(const UpkeepMark& mark, SystemTime now) {
  return !mark.finished_at || now - *mark.finished_at >= kListingEvery || now < *mark.finished_at;
}

}  // namespace

Task<Result<void>> MissedWebhooks::look_if_due(std::stop_token stop) {
  const bool is_asked_for = co_await is_wanted();
  if (is_asked_for) forget_failures();
  if (!is_asked_for && next_look_ && d_.clock.steady_now() < *next_look_) co_return Result<void>();
  next_look_ = d_.clock.steady_now() + kListingLook;
  auto found = co_await look(stop);
  if (!found) co_return fail(found.error());
  co_return Result<void>();
}

// `tapedeck reconcile` has set the marks back, and changed the cursor of this one.
Task<bool> MissedWebhooks::is_wanted() {
  auto mark = co_await d_.calls.find_mark(kWantedMark);
  if (!mark || mark->cursor == wanted_) co_return false;
  wanted_ = mark->cursor;
  co_return true;
}

Task<Result<int>> MissedWebhooks::look(std::stop_token stop) {
  auto due = co_await accounts();
  if (!due) co_return fail(due.error());
  std::erase_if(failed_until_, [now = d_.clock.steady_now()](const auto& failed) { return failed.second <= now; });
  int found = 0;
  for (Account& account : *due) {
    if (stop.stop_requested()) break;
    const AccountSid sid = account.login.account;
    if (failed_until_.contains(sid)) continue;
    auto looked = co_await look_at(std::move(account), stop);
    if (looked) {
      found += *looked;
      continue;
    }
    if (stop.stop_requested() || looked.error().errc() == Errc::kCancelled) break;
    failed_until_[sid] = d_.clock.steady_now() + kListingRetry;
    d_.events.emit({Severity::kWarning,
                    "",
                    "LISTING_FAILED",
                    {{"account", sid.str()},
                     {"cause", std::string(errc_name(looked.error().errc()))},
                     {"detail", looked.error().detail}}});
  }
  co_return found;
}

Task<Result<std::vector<MissedWebhooks::Account>>> MissedWebhooks::accounts() {
  auto all = co_await d_.calls.list_businesses();
  if (!all) co_return fail(all.error());
  std::map<AccountSid, Account> found;
  for (const Business& one : *all) {
    const Business business = resolve(one, d_.businesses.defaults());
    if (business.account.empty()) continue;
    Account& account = found[business.account];
    account.login = {business.account, business.account, business.auth_token};
    account.businesses.push_back(business.id);
  }
  std::vector<Account> list;
  for (auto& [sid, account] : found) list.push_back(std::move(account));
  co_return list;
}

Task<Result<int>> MissedWebhooks::look_at(Account account, std::stop_token stop) {
  const std::string name = listing_mark(account.login.account);
  const SystemTime began = d_.clock.system_now();
  auto mark = co_await d_.calls.find_mark(name);
  if (!mark) co_return fail(mark.error());
  if (mark->cursor.empty()) {
    const UpkeepMark first{format_rfc3339(began), began};
    auto put = co_await d_.calls.put_mark(name, first);
    if (!put) co_return fail(put.error());
    co_return 0;
  }
  if (!is_due(*mark, began)) co_return 0;
  const auto known_since = parse_rfc3339(mark->cursor);
  if (!known_since) co_return fail(Errc::kCorrupt, "the mark " + name + " holds no time");
  SystemTime since = *known_since;
  if (mark->finished_at) since = std::max(since, *mark->finished_at - kListingOverlap);
  auto found = co_await list(std::move(account), since, stop);
  if (!found) co_return found;
  const UpkeepMark done{mark->cursor, began};
  auto put = co_await d_.calls.put_mark(name, done);
  if (!put) co_return fail(put.error());
  co_return found;
}

Task<Result<int>> MissedWebhooks::list(Account account, SystemTime since, std::stop_token stop) {
  ListingRequest request{account.login, since, d_.clock.system_now() - kWebhookPatience, {}, kListingPageSize};
  int found = 0;
  for (int pages = 0; pages < kListingPagesMax; ++pages) {
    if (stop.stop_requested()) co_return fail(Errc::kCancelled, "stopped");
    auto page = co_await d_.listing.list(request, stop);
    if (!page) co_return fail(page.error());
    request.page = page->next;
    auto taken = co_await take_page(account, std::move(*page));
    if (!taken) co_return taken;
    found += *taken;
    co_await d_.clock.sleep_for(kListingPause, stop);
    if (request.page.empty()) co_return found;
  }
  co_return fail(Errc::kTooLarge, "more recordings than one pass lists");
}

Task<Result<int>> MissedWebhooks::take_page(const Account& account, ListingPage page) {
  std::vector<RecordingSid> sids;
  for (const ListedRecording& listed : page.recordings) sids.push_back(listed.told.recording);
  auto known = co_await d_.calls.known_recordings(account.login.account, std::move(sids));
  if (!known) co_return fail(known.error());
  int found = 0;
  for (std::size_t i = 0; i < page.recordings.size(); ++i) {
    const ListedRecording& listed = page.recordings[i];
    const std::optional<KnownRecording>& before = (*known)[i];
    if (listed.told.status != AnnouncedStatus::kCompleted) continue;
    if (before && before->state != RecordingState::kRemote) continue;
    auto owner = co_await owner_of(account, listed, before);
    if (!owner) co_return fail(owner.error());
    if (owner->empty()) continue;
    auto taken = co_await d_.webhooks.recording(*owner, listed.told);
    if (!taken && taken.error().errc() == Errc::kConflict) continue;  // another account's of the same name
    if (!taken) co_return fail(taken.error());
    ++found;
    d_.events.emit({Severity::kWarning,
                    "",
                    "WEBHOOK_MISSED",
                    {{"business_id", owner->str()},
                     {"sid", listed.told.recording.str()},
                     {"made_at", format_rfc3339(listed.created_at)}}});
  }
  co_return found;
}

// Empty where the owner is unknown.
Task<Result<BusinessId>> MissedWebhooks::owner_of(const Account& account, ListedRecording listed,
                                                  std::optional<KnownRecording> known) {
  if (known) co_return known->business;
  if (account.businesses.size() == 1) co_return account.businesses.front();
  if (account.businesses.size() > kSharersMax) co_return BusinessId();
  for (const BusinessId& business : account.businesses) {
    auto call = co_await d_.calls.find_call(business, listed.told.call);
    if (!call) co_return fail(call.error());
    if (*call) co_return business;
  }
  co_return BusinessId();
}

}  // namespace tapedeck
