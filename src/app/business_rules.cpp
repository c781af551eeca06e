#include "app/business_rules.hpp"

namespace tapedeck {

Task<Result<void>> BusinessRules::refresh() {
  auto all = co_await calls_.list_businesses();
  if (!all) co_return fail(all.error());
  for (const Business& stored : *all) {
    const Business business = resolve(stored, businesses_.defaults());
    const auto [known, is_new] = applied_.try_emplace(
        business.id, Applied{businesses_.defaults().limit, false, business.account, business.auth_token});
    Applied& applied = known->second;

    if (business.limit != applied.limit) {
      auto limited = co_await slots_.set_limit(business.id, business.limit);
      if (!limited) co_return fail(limited.error());
      applied.limit = business.limit;
    }
    const bool new_credentials = business.account != applied.account || business.auth_token != applied.auth_token;
    if (business.paused && !applied.paused) {
      auto blocked = co_await slots_.block(business.id, std::nullopt, std::string(kPausedWhy));
      if (!blocked) co_return fail(blocked.error());
    } else if ((!business.paused && applied.paused) || (!business.paused && new_credentials)) {
      auto unblocked = co_await slots_.unblock(business.id);
      if (!unblocked) co_return fail(unblocked.error());
    }
    if (is_new || new_credentials) businesses_.forget(business.id);
    applied = {business.limit, business.paused, business.account, business.auth_token};
  }
  co_return Result<void>();
}

}  // namespace tapedeck
