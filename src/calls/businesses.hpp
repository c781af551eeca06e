#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "calls/ports/business_store.hpp"
#include "domain/recording.hpp"
#include "runtime/clock.hpp"
#include "slots/protocol/slot_protocol.hpp"

namespace tapedeck {

/// How long a business that was read is believed: so long a change by another process may take to be seen.
inline constexpr Milliseconds kBusinessCacheTtl{1'000};
/// Most businesses in that cache.
inline constexpr std::size_t kBusinessCacheMax = 10'000;

/// What a business gets that says nothing of its own, from the settings.
struct ProviderDefaults {
  AccountSid account;                      ///< TWILIO_ACCOUNT_SID; empty: none
  std::string auth_token;                  ///< TWILIO_AUTH_TOKEN
  int limit = kDefaultSlotLimit;           ///< MAX_SLOTS_PER_BUSINESS
  AudioFormat format = AudioFormat::kMp3;  ///< RECORDING_FORMAT
};

/// The business with every field that it leaves open taken from the defaults. Its account may still be empty: then
/// neither it nor the settings name one.
[[nodiscard]] Business resolve(Business business, const ProviderDefaults& defaults);

/// Businesses as webhooks and workers need them: resolved, and read about once a second at most. Thread-safe.
class Businesses {
 public:
  Businesses(BusinessStore& store, Clock& clock, ProviderDefaults defaults)
      : store_(store), clock_(clock), defaults_(std::move(defaults)) {}

  /// Empty: no such business. Errors: the call store's.
  [[nodiscard]] Task<Result<std::optional<Business>>> find(BusinessId id);
  /// Every business, resolved, by id, and read now.
  [[nodiscard]] Task<Result<std::vector<Business>>> all();
  /// Every business's id, in order: what an operator may choose from.
  [[nodiscard]] Task<Result<std::vector<BusinessId>>> ids();
  /// The next find() asks the call store: after a change by this process.
  void forget(const BusinessId& id);
  [[nodiscard]] const ProviderDefaults& defaults() const noexcept { return defaults_; }

 private:
  struct Cached {
    Business business;
    SteadyTime until;
  };

  BusinessStore& store_;
  Clock& clock_;
  const ProviderDefaults defaults_;
  std::mutex mutex_;
  std::unordered_map<BusinessId, Cached> cache_;
};

}  // namespace tapedeck
