#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "calls/ports/call_list_store.hpp"
#include "calls/ports/recording_store.hpp"
#include "runtime/task.hpp"

namespace tapedeck {

/// Most recordings on one page of a listing.
inline constexpr int kListingPageSize = 1'000;

/// Whom to ask, and as whom.
struct ProviderLogin {
  AccountSid account;        ///< whose recordings; the login's own account, or a sub-account of it
  AccountSid login_account;  ///< whose credentials
  std::string auth_token;
};

struct ListingRequest {
  ProviderLogin login;
  std::optional<SystemTime> since;  ///< when a recording was made; inclusive
  std::optional<SystemTime> until;  ///< exclusive
  std::string page;                 ///< ListingPage::next of the page before; empty: the first one
  int page_size = kListingPageSize;
};

/// A recording as the provider lists it.
struct ListedRecording {
  RecordingAnnouncement told;  ///< as its webhook would have told it
  SystemTime created_at;
};

struct ListingPage {
  std::vector<ListedRecording> recordings;  ///< of the time that was asked for, as a rule newest first
  int unreadable = 0;                       ///< entries without a SID of a recording or of a call
  std::string next;                         ///< empty on the last page
};

/// Lists what a provider has. Thread-safe.
class RecordingListing {
 public:
  virtual ~RecordingListing() = default;
  /// Asks for one page, once. Errors: kProviderUnauthorized, kProviderRateLimited, kProviderUnreachable,
  /// kProviderTimedOut, kProviderServerError and kProviderRedirect as of a fetch; kProviderRejected when the request
  /// was refused, and when the answer is not what the provider is known to send; kInvalidArgument when `page` is none
  /// of this account's listing; kCancelled when `stop` was requested.
  [[nodiscard]] virtual Task<Result<ListingPage>> list(ListingRequest request, std::stop_token stop) = 0;
  /// Asks for what the provider knows of a call: parties, direction, start, duration. Empty: there is no such call.
  /// Errors as above.
  [[nodiscard]] virtual Task<Result<std::optional<CallUpdate>>> describe_call(ProviderLogin login, CallSid call,
                                                                              std::stop_token stop) = 0;
};

}  // namespace tapedeck
