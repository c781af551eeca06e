#include "app/calls.hpp"

#include <utility>

namespace tapedeck {

Task<Result<CallPage>> Calls::list(BusinessId business, CallQuery query) {
  Result<CallPage> page = co_await calls_.list_calls(std::move(business), std::move(query));
  co_return page;
}

Task<Result<PutOutcome>> Calls::put(BusinessId business, CallUpdate update, bool by_operator) {
  Result<std::optional<Business>> found = co_await businesses_.find(business);
  if (!found) co_return fail(std::move(found.error()));
  if (!*found) co_return fail(Errc::kNotFound, "there is no such business");
  const Business& owner = **found;
  if (update.recording) {
    AccountSid& account = update.recording->account;
    if (account.empty()) account = owner.account;
    if (account.empty()) {
      co_return fail(Errc::kInvalidArgument,
                     "recording.account_sid: expected the provider account, because neither the business nor the "
                     "settings name one");
    }
    const bool on_default_credentials = owner.account == businesses_.defaults().account;
    if (account != owner.account && on_default_credentials && !by_operator) {
      co_return fail(Errc::kForbidden, "recording.account_sid: this account is not the business's");
    }
  }
  Result<PutOutcome> outcome = co_await calls_.put_call(std::move(business), std::move(update), clock_.system_now());
  co_return outcome;
}

}  // namespace tapedeck
