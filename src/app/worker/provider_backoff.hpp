#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "base/time.hpp"
#include "domain/ids.hpp"

namespace tapedeck {

/// First pause of an account after a 429 that names none, and the longest one.
inline constexpr Milliseconds kRateLimitPauseFirst{1'000};
inline constexpr Milliseconds kRateLimitPauseMax{60'000};
/// Refusals (401, 403) of a business's credentials in a row, without a success between them, that stop its queue: one
/// alone may be about one recording.
inline constexpr int kRefusalsToStop = 3;
/// How long the queue then stands still before one more recording tries.
inline constexpr Milliseconds kRefusalPause{60'000};

/// What the provider's answers say about whole accounts and businesses: when to leave them alone. Pure bookkeeping of
/// one worker, on its loop.
class ProviderBackoff {
 public:
  struct Pause {
    SystemTime until;
    std::string why;
  };

  /// Empty when the account may be asked.
  [[nodiscard]] std::optional<Pause> of_account(const AccountSid& account, SystemTime now) const;

  /// A 429: the account rests, as long as the provider asks, or twice as long as the last time.
  [[nodiscard]] Pause rate_limited(const AccountSid& account, std::optional<Milliseconds> retry_after, SystemTime now);
  /// A 401 or 403; a pause for the whole business after kRefusalsToStop of them.
  [[nodiscard]] std::optional<Pause> refused(const BusinessId& business, SystemTime now);
  /// A download ended well: the next pause of the account is a short one again, and the refusals were no row.
  void succeeded(const AccountSid& account, const BusinessId& business);

 private:
  struct Account {
    int in_a_row = 0;
    SystemTime until{};
  };
  std::unordered_map<AccountSid, Account> accounts_;
  std::unordered_map<BusinessId, int> refusals_;
};

}  // namespace tapedeck
