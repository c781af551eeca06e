#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "base/time.hpp"
#include "domain/ids.hpp"

namespace tapedeck {

/// An account's first pause after a 429 that names none, and its longest.
inline constexpr Milliseconds kRateLimitPauseFirst{1'000};
inline constexpr Milliseconds kRateLimitPauseMax{60'000};
/// Refusals (401, 403) of a business's credentials in a row, without a success between them, that pause the business: a
/// single one may concern one recording.
inline constexpr int kRefusalsToStop = 3;
/// Length of that pause, after which one more recording is tried.
inline constexpr Milliseconds kRefusalPause{60'000};
/// Most accounts, and most businesses, that are remembered. Beyond, a pause is still made, but not remembered: the next
/// one is no longer, and the next download of the account asks the provider again.
inline constexpr std::size_t kBackoffEntriesMax = 10'000;

/// What the provider's answers say about whole accounts and businesses: how long to leave them alone. Bookkeeping of
/// one worker, on its loop.
class ProviderBackoff {
 public:
  struct Pause {
    SystemTime until;
    std::string why;
    bool is_remembered = true;  ///< false: kBackoffEntriesMax was reached
  };

  /// Empty: downloads of the account may start.
  [[nodiscard]] std::optional<Pause> of_account(const AccountSid& account, SystemTime now) const;

  /// After a 429: the account rests for as long as the provider asks, or twice as long as the last time.
  [[nodiscard]] Pause rate_limited(const AccountSid& account, std::optional<Milliseconds> retry_after, SystemTime now);
  /// After a 401 or 403: pauses the whole business after kRefusalsToStop of them.
  [[nodiscard]] std::optional<Pause> refused(const BusinessId& business, SystemTime now);
  /// After a download that succeeded: the account's next pause is short again, and the refusals count from 0.
  void succeeded(const AccountSid& account, const BusinessId& business);

 private:
  struct Account {
    int in_a_row = 0;
    SystemTime until{};
  };
  [[nodiscard]] bool has_room_for(const AccountSid& account, SystemTime now);

  std::unordered_map<AccountSid, Account> accounts_;
  std::unordered_map<BusinessId, int> refusals_;
};

}  // namespace tapedeck
