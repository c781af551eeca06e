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

/// How long a cached business is used. A change by another process is seen after at most this long.
inline constexpr Milliseconds kBusinessCacheTtl{1'000};
/// Most businesses in the cache, and most ids that are known to be no business.
inline constexpr std::size_t kBusinessCacheMax = 10'000;

/// What the settings say for businesses that say nothing of their own.
struct ProviderDefaults {
  AccountSid account;                      ///< TWILIO_ACCOUNT_SID; empty: none
  std::string auth_token;                  ///< TWILIO_AUTH_TOKEN
  int limit = kDefaultSlotLimit;           ///< MAX_SLOTS_PER_BUSINESS
  AudioFormat format = AudioFormat::kMp3;  ///< RECORDING_FORMAT
};

/// Fills each field that the business leaves open from the defaults. The account stays empty if neither names one.
[[nodiscard]] Business resolve(Business business, const ProviderDefaults& defaults);

/// Businesses for webhooks and workers: resolved, and each read at most once a second. So is an id that is no business:
/// then the time of an answer does not tell which ids exist. Thread-safe.
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
  /// Makes the next find() ask the call store. To be called after a change by this process.
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
  std::unordered_map<BusinessId, SteadyTime> unknown_;  // until when
};

}  // namespace tapedeck
