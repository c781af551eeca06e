#pragma once

#include <functional>
#include <map>
#include <stop_token>
#include <vector>

#include "app/webhooks.hpp"
#include "calls/businesses.hpp"
#include "calls/ports/call_list_store.hpp"
#include "calls/ports/import_store.hpp"
#include "calls/ports/lease_store.hpp"
#include "domain/event_sink.hpp"
#include "provider/patient_listing.hpp"
#include "runtime/clock.hpp"

namespace tapedeck {

/// How often an account's recordings are listed, and how soon again after a failure.
inline constexpr Milliseconds kListingEvery{60 * 60'000};
inline constexpr Milliseconds kListingRetry{10 * 60'000};
/// How far a listing goes back behind the one before: a recording is listed by when it began, and its call may have
/// gone on for hours.
inline constexpr Milliseconds kListingOverlap{24 * 60 * 60'000};
/// A recording younger than this may still get its webhook.
inline constexpr Milliseconds kWebhookPatience{15 * 60'000};
/// Between two requests.
inline constexpr Milliseconds kListingPause{200};
/// Pages of one account in one pass: a million recordings.
inline constexpr int kListingPagesMax = 1'000;
/// Businesses that may share an account, for the search for whose a recording is.
inline constexpr std::size_t kSharersMax = 32;

/// Finds recordings whose webhook never came, by the provider's list, and takes them as the webhook would have been.
///
/// Of each account only what was made since Tapedeck first knew of it: what is older is history, which `tapedeck
/// import` brings over when somebody wants it. Where several businesses use one account, a recording is that one's
/// which knows its call; one of an unknown call is left alone.
class MissedWebhooks {
 public:
  struct Dependencies {
    ImportStore& imports;
    CallListStore& calls;
    LeaseStore& leases;
    Businesses& businesses;
    PatientListing& listing;
    Webhooks& webhooks;
    Clock& clock;
    EventSink& events;
  };

  explicit MissedWebhooks(Dependencies dependencies) : d_(dependencies) {}

  /// Lists every account that is due; returns how many recordings were found. Ends early once `goes_on` says no, which
  /// it is asked before each request. Errors: the call store's; a provider's failure is told as LISTING_FAILED.
  [[nodiscard]] Task<Result<int>> look(std::function<bool()> goes_on, std::stop_token stop);
  /// Accounts that have failed are not left alone any longer.
  void forget_failures() { failed_until_.clear(); }

 private:
  struct Account {
    ProviderLogin login;
    std::vector<BusinessId> businesses;
  };

  [[nodiscard]] Task<Result<std::vector<Account>>> accounts();
  [[nodiscard]] Task<Result<int>> look_at(Account account, std::function<bool()> goes_on, std::stop_token stop);
  [[nodiscard]] Task<Result<int>> list(Account account, SystemTime since, std::function<bool()> goes_on,
                                       std::stop_token stop);
  [[nodiscard]] Task<Result<int>> take_page(const Account& account, ListingPage page);
  [[nodiscard]] Task<Result<BusinessId>> owner_of(const Account& account, ListedRecording listed,
                                                  std::optional<KnownRecording> known);

  Dependencies d_;
  std::map<AccountSid, SteadyTime> failed_until_;
};

}  // namespace tapedeck
