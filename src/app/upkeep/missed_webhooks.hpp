#pragma once

#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "app/webhooks.hpp"
#include "calls/businesses.hpp"
#include "calls/ports/call_store.hpp"
#include "domain/event_sink.hpp"
#include "provider/patient_listing.hpp"
#include "runtime/clock.hpp"

namespace tapedeck {

/// Interval between two listings of an account, and the pause after one that failed.
inline constexpr Milliseconds kListingEvery{60 * 60'000};
inline constexpr Milliseconds kListingRetry{10 * 60'000};
/// Interval between two looks for accounts that are due.
inline constexpr Milliseconds kListingLook{60'000};
/// A listing begins this long before the one before it: recordings are listed by their beginning, and a call may go on
/// for hours.
inline constexpr Milliseconds kListingOverlap{24 * 60 * 60'000};
/// The webhook of a recording younger than this may still come.
inline constexpr Milliseconds kWebhookPatience{15 * 60'000};
/// Pause between two requests.
inline constexpr Milliseconds kListingPause{200};
/// Pages of one account in one pass: a million recordings.
inline constexpr int kListingPagesMax = 1'000;
/// Businesses that may share an account, where the owner of a recording is looked up by its call.
inline constexpr std::size_t kSharersMax = 32;

/// Finds recordings whose webhook never came, in the provider's list, and handles each as its webhook would have been.
///
/// An account is listed only from the moment that Tapedeck first knew of it: older recordings are history, which
/// `tapedeck import` brings over. Where several businesses use one account, a recording belongs to the business that
/// knows its call; a recording of an unknown call is left alone.
class MissedWebhooks {
 public:
  struct Dependencies {
    CallStore& calls;
    Businesses& businesses;
    PatientListing& listing;
    Webhooks& webhooks;
    Clock& clock;
    EventSink& events;
  };

  explicit MissedWebhooks(Dependencies dependencies) : d_(dependencies) {}

  /// Looks every kListingLook, and at once when `tapedeck reconcile` asks for it. Errors as of look().
  [[nodiscard]] Task<Result<void>> look_if_due(std::stop_token stop);
  /// Lists every account that is due; returns how many recordings were found. Ends early when `stop` is requested.
  /// Errors: the call store's; a failure of the provider is logged as LISTING_FAILED.
  [[nodiscard]] Task<Result<int>> look(std::stop_token stop);
  /// Lists accounts that have failed without waiting for kListingRetry.
  void forget_failures() { failed_until_.clear(); }
  /// Accounts that wait for kListingRetry, as of the last look.
  [[nodiscard]] std::size_t failed_accounts() const { return failed_until_.size(); }

 private:
  struct Account {
    ProviderLogin login;
    std::vector<BusinessId> businesses;
  };

  [[nodiscard]] Task<Result<std::vector<Account>>> accounts();
  [[nodiscard]] Task<bool> is_wanted();
  [[nodiscard]] Task<Result<int>> look_at(Account account, std::stop_token stop);
  [[nodiscard]] Task<Result<int>> list(Account account, SystemTime since, std::stop_token stop);
  [[nodiscard]] Task<Result<int>> take_page(const Account& account, ListingPage page);
  [[nodiscard]] Task<Result<BusinessId>> owner_of(const Account& account, ListedRecording listed,
                                                  std::optional<KnownRecording> known);

  Dependencies d_;
  std::map<AccountSid, SteadyTime> failed_until_;  // at most the accounts that failed within kListingRetry
  std::optional<SteadyTime> next_look_;
  std::string wanted_;  // the cursor of kWantedMark that was heeded last
};

}  // namespace tapedeck
