#include "app/worker/provider_backoff.hpp"

#include <algorithm>

namespace tapedeck {
namespace {

constexpr int kDoublingsMax = 10;
constexpr std::string_view kRateLimited = "the provider limits how many downloads this account runs (429)";
constexpr std::string_view kRefused =
    "the provider refuses this business's credentials (401 or 403): check its account SID, token and region";

}  // namespace

std::optional<ProviderBackoff::Pause> ProviderBackoff::of_account(const AccountSid& account, SystemTime now) const {
  const auto found = accounts_.find(account);
  if (found == accounts_.end() || found->second.until <= now) return std::nullopt;
  return Pause{found->second.until, std::string(kRateLimited)};
}

// Accounts whose pause is over make room.
bool ProviderBackoff::has_room_for(const AccountSid& account, SystemTime now) {
  if (accounts_.size() < kBackoffEntriesMax || accounts_.contains(account)) return true;
  std::erase_if(accounts_, [now](const auto& entry) { return entry.second.until <= now; });
  return accounts_.size() < kBackoffEntriesMax;
}

ProviderBackoff::Pause ProviderBackoff::rate_limited(const AccountSid& account, std::optional<Milliseconds> retry_after,
                                                     SystemTime now) {
  Account forgotten;
  const bool is_remembered = has_room_for(account, now);
  Account& state = is_remembered ? accounts_[account] : forgotten;
  // Downloads that began before the pause say nothing new.
  if (state.until <= now) state.in_a_row = std::min(state.in_a_row + 1, kDoublingsMax);
  const Milliseconds doubled = kRateLimitPauseFirst * (1 << (std::max(state.in_a_row, 1) - 1));
  const Milliseconds pause = std::clamp(retry_after.value_or(doubled), Milliseconds{0}, kRateLimitPauseMax);
  state.until = std::max(state.until, now + pause);
  return {state.until, std::string(kRateLimited), is_remembered};
}

std::optional<ProviderBackoff::Pause> ProviderBackoff::refused(const BusinessId& business, SystemTime now) {
  // Without room the first refusal counts as the last.
  const bool is_remembered = refusals_.size() < kBackoffEntriesMax || refusals_.contains(business);
  if (is_remembered && ++refusals_[business] < kRefusalsToStop) return std::nullopt;
  return Pause{now + kRefusalPause, std::string(kRefused), is_remembered};
}

void ProviderBackoff::succeeded(const AccountSid& account, const BusinessId& business) {
  // The download may have begun before a 429, so a pause that was made since goes on.
  const auto found = accounts_.find(account);
  if (found != accounts_.end()) found->second.in_a_row = 0;
  refusals_.erase(business);
}

}  // namespace tapedeck
