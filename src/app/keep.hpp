#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "blobs/blob_store.hpp"
#include "calls/ports/call_list_store.hpp"
#include "calls/ports/keeping_store.hpp"
#include "runtime/clock.hpp"

namespace tapedeck {

/// Digits of a telephone number: fewer would match too many calls; ITU-T E.164 allows 15.
inline constexpr std::size_t kNumberDigitsMin = 4;
inline constexpr std::size_t kNumberDigitsMax = 15;

/// The digits of a telephone number as people write it. Error kInvalidArgument: not a whole number.
[[nodiscard]] Result<std::string> number_digits(std::string_view number);

/// What to erase, and in whose name.
struct Erasure {
  BusinessId business;
  std::string digits;  ///< from number_digits(): calls from and to that number; empty: everything
  std::string actor;   ///< for the audit
  bool looks_only = false;
};

/// What was erased, or would be with `looks_only`.
struct ErasureReport {
  std::int64_t calls = 0;       ///< that had names, numbers or recordings to erase
  std::int64_t recordings = 0;  ///< of these calls
  std::int64_t blobs = 0;       ///< removed
  std::int64_t blobs_left = 0;  ///< not removed yet: the server's upkeep tries again
  std::vector<Recording> held;  ///< under legal hold: their calls were left unchanged
};

/// Erases call by call, newest first. If it is interrupted, it can be run again. It misses calls that come meanwhile.
/// Errors: the call store's.
[[nodiscard]] Task<Result<ErasureReport>> erase(CallListStore& calls, KeepingStore& keeping, BlobStore& blobs,
                                                Clock& clock, Erasure erasure);

}  // namespace tapedeck
