#include "calls/businesses.hpp"

#include <utility>

namespace tapedeck {

Business resolve(Business business, const ProviderDefaults& defaults) {
  // The token belongs to the account: a business with an account of its own never gets the default token.
  if (business.account.empty()) {
    business.account = defaults.account;
    business.auth_token = defaults.auth_token;
  }
  if (business.limit <= 0) business.limit = defaults.limit;
  if (business.format_is_default) business.format = defaults.format;
  return business;
}

Task<Result<std::optional<Business>>> Businesses::find(BusinessId id) {
  const SteadyTime now = clock_.steady_now();
  {
    const std::scoped_lock lock(mutex_);
    const auto found = cache_.find(id);
    if (found != cache_.end() && now < found->second.until) co_return found->second.business;
    const auto unknown = unknown_.find(id);
    if (unknown != unknown_.end() && now < unknown->second) co_return std::nullopt;
  }
  Result<std::optional<Business>> stored = co_await store_.find_business(id);
  if (!stored) co_return fail(std::move(stored.error()));
  const std::scoped_lock lock(mutex_);
  // Entries are refilled within a second, so a full cache may simply start anew.
  if (!*stored) {
    cache_.erase(id);
    if (unknown_.size() >= kBusinessCacheMax) unknown_.clear();
    unknown_[id] = now + kBusinessCacheTtl;
    co_return std::nullopt;
  }
  Business business = resolve(std::move(**stored), defaults_);
  if (cache_.size() >= kBusinessCacheMax && !cache_.contains(id)) cache_.clear();
  cache_[id] = Cached{business, now + kBusinessCacheTtl};
  co_return business;
}

Task<Result<std::vector<Business>>> Businesses::all() {
  Result<std::vector<Business>> businesses = co_await store_.list_businesses();
  if (!businesses) co_return businesses;
  for (Business& business : *businesses) business = resolve(std::move(business), defaults_);
  co_return businesses;
}

Task<Result<std::vector<BusinessId>>> Businesses::ids() {
  Result<std::vector<Business>> businesses = co_await store_.list_businesses();
  if (!businesses) co_return fail(std::move(businesses.error()));
  std::vector<BusinessId> ids;
  ids.reserve(businesses->size());
  for (Business& business : *businesses) ids.push_back(std::move(business.id));
  co_return ids;
}

void Businesses::forget(const BusinessId& id) {
  const std::scoped_lock lock(mutex_);
  cache_.erase(id);
  unknown_.erase(id);
}

}  // namespace tapedeck
