#include "provider/patient_listing.hpp"

#include <algorithm>

namespace tapedeck {

bool may_list_again(const Error& error) noexcept {
  switch (error.errc()) {
    case Errc::kProviderRateLimited:
    case Errc::kProviderUnreachable:
    case Errc::kProviderTimedOut:
    case Errc::kProviderServerError:
    case Errc::kMediaTruncated: return true;
    default: return false;
  }
}

Task<bool> PatientListing::pause(Error error, int tries, std::stop_token stop) {
  if (!may_list_again(error) || tries >= kListingBackoff.max_attempts || stop.stop_requested()) co_return false;
  Milliseconds wait = jittered_wait(kListingBackoff, tries, random_.uniform());
  if (error.retry_after) wait += std::clamp(*error.retry_after, Milliseconds{0}, kListingRetryAfterMax);
  co_await clock_.sleep_for(wait, stop);
  co_return !stop.stop_requested();
}

Task<Result<ListingPage>> PatientListing::list(ListingRequest request, std::stop_token stop) {
  for (int tries = 1;; ++tries) {
    auto page = co_await listing_.list(request, stop);
    if (page) co_return page;
    const bool is_again = co_await pause(page.error(), tries, stop);
    if (!is_again) co_return page;
  }
}

Task<Result<std::optional<CallUpdate>>> PatientListing::describe_call(ProviderLogin login, CallSid call,
                                                                      std::stop_token stop) {
  for (int tries = 1;; ++tries) {
    auto told = co_await listing_.describe_call(login, call, stop);
    if (told) co_return told;
    const bool is_again = co_await pause(told.error(), tries, stop);
    if (!is_again) co_return told;
  }
}

}  // namespace tapedeck
