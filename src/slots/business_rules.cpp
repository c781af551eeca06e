#include "slots/business_rules.hpp"

#include <optional>

namespace tapedeck {
namespace {

// A business whose slots are lost gets its rules with its rebuild. One that is being rebuilt says when to try again.
template <class T>
bool is_refused(const Result<T>& changed) {
  return !changed && changed.error().errc() != Errc::kSlotsLost;
}

}  // namespace

Task<Result<void>> BusinessRules::refresh() {
  auto all = co_await calls_.list_businesses();
  if (!all) co_return fail(all.error());
  if (compared_ >= all->size()) compared_ = 0;
  const std::size_t first = compared_;
  compared_ += kRulesCompared;
  Result<void> done;
  for (std::size_t i = 0; i < all->size(); ++i) {
    const Business business = resolve(std::move((*all)[i]), businesses_.defaults());
    const bool is_to_compare = i >= first && i < compared_ && is_settled(business);
    Result<void> applied;
    if (is_to_compare) {
      applied = co_await compare(business);
    } else {
      applied = co_await apply(business, true);
    }
    if (!applied && applied.error().errc() != Errc::kSlotsRebuilding) done = std::move(applied);
  }
  co_return done;
}

bool BusinessRules::is_settled(const Business& business) {
  const std::scoped_lock lock(mutex_);
  const auto found = applied_.find(business.id);
  return found != applied_.end() && found->second == Applied(business, true);
}

// Compares only a business whose row is the same as at the last refresh, so that it undoes no change on its way.
Task<Result<void>> BusinessRules::compare(const Business& business) {
  auto view = co_await slots_.view(business.id, 0);
  if (!view) co_return fail(view.error());
  if (view->limit != business.limit) {
    auto limited = co_await slots_.set_limit(business.id, business.limit);
    if (is_refused(limited)) co_return fail(limited.error());
  }
  const bool is_paused = view->blocked_why == kPausedWhy;
  if (is_paused == business.paused) co_return Result<void>();
  Result<std::vector<Admitted>> mended;
  if (business.paused) {
    mended = co_await slots_.block(business.id, std::nullopt, std::string(kPausedWhy));
  } else {
    mended = co_await slots_.unblock(business.id);
  }
  if (is_refused(mended)) co_return fail(mended.error());
  co_return Result<void>();
}

Task<Result<void>> BusinessRules::learn(BusinessId id) {
  {
    const std::scoped_lock lock(mutex_);
    if (applied_.contains(id)) co_return Result<void>();
  }
  auto business = co_await businesses_.find(id);
  if (!business) co_return fail(business.error());
  if (!*business) co_return Result<void>();
  auto applied = co_await apply(std::move(**business), false);
  co_return applied;
}

Task<Result<void>> BusinessRules::apply(Business business, bool is_sure) {
  std::optional<Applied> known;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = applied_.find(business.id);
    if (found != applied_.end()) known = found->second;
  }
  // A slot store gives an unknown business the settings' limit, and no pause.
  const bool again = known && !known->is_sure;
  const int limit_before = known ? known->limit : businesses_.defaults().limit;
  const bool was_paused = known && known->paused;
  const bool new_credentials =
      known && (business.account != known->account || business.auth_token != known->auth_token);

  if (business.limit != limit_before || again) {
    auto limited = co_await slots_.set_limit(business.id, business.limit);
    if (is_refused(limited)) co_return fail(limited.error());
  }
  if (business.paused && (!was_paused || again)) {
    auto blocked = co_await slots_.block(business.id, std::nullopt, std::string(kPausedWhy));
    if (is_refused(blocked)) co_return fail(blocked.error());
  } else if (!business.paused && (was_paused || new_credentials)) {
    auto unblocked = co_await slots_.unblock(business.id);
    if (is_refused(unblocked)) co_return fail(unblocked.error());
  }
  if (!known || new_credentials) businesses_.forget(business.id);
  const std::scoped_lock lock(mutex_);
  applied_.insert_or_assign(business.id, Applied(business, is_sure));
  co_return Result<void>();
}

}  // namespace tapedeck
