#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "calls/ports/call_store.hpp"
#include "runtime/task.hpp"

namespace tapedeck {

/// Most recordings on one page of a listing.
inline constexpr int kListingPageSize = 1'000;

/// The account to ask about, and the credentials.
struct ProviderLogin {
  AccountSid account;        ///< whose recordings: the login's own account or a sub-account of it
  AccountSid login_account;  ///< whose credentials
  std::string auth_token;
};

struct ListingRequest {
  ProviderLogin login;
  std::optional<SystemTime> since;  ///< when a recording was made; inclusive
  std::optional<SystemTime> until;  ///< exclusive
  std::string page;                 ///< ListingPage::next of the previous page; empty: the first page
  int page_size = kListingPageSize;
};

/// An entry of a listing.
struct ListedRecording {
  RecordingAnnouncement told;  ///< in the form of its webhook
  SystemTime created_at;
};

struct ListingPage {
  std::vector<ListedRecording> recordings;  ///< of the wanted time, usually newest first
  int unreadable = 0;                       ///< entries without a valid recording or call
  std::string next;                         ///< empty on the last page
};

/// Lists the recordings of a provider. Thread-safe.
class RecordingListing {
 public:
  virtual ~RecordingListing() = default;
  /// Asks for one page, once. Errors: kProviderUnauthorized, kProviderRateLimited, kProviderUnreachable,
  /// kProviderTimedOut, kProviderServerError and kProviderRedirect as of a fetch. kProviderRejected: the provider
  /// refused the request, or sent an unknown kind of answer. kInvalidArgument: `page` is not of this account's listing.
  /// kCancelled: `stop` was requested.
  [[nodiscard]] virtual Task<Result<ListingPage>> list(ListingRequest request, std::stop_token stop) = 0;
  /// Asks for the parties, direction, start and duration of a call. Empty: there is no such call. Errors as above.
  [[nodiscard]] virtual Task<Result<std::optional<CallUpdate>>> describe_call(ProviderLogin login, CallSid call,
                                                                              std::stop_token stop) = 0;
};

}  // namespace tapedeck
