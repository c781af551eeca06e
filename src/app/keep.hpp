#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "blobs/blob_store.hpp"
#include "calls/ports/call_list_store.hpp"
#include "calls/ports/keeping_store.hpp"
#include "runtime/clock.hpp"

namespace tapedeck {

/// Digits of a telephone number: fewer would name too many calls; more there are not (ITU-T E.164: 15).
inline constexpr std::size_t kNumberDigitsMin = 4;
inline constexpr std::size_t kNumberDigitsMax = 15;

/// The digits of a telephone number as people write it. Error kInvalidArgument: not a number, or not all of one.
[[nodiscard]] Result<std::string> number_digits(std::string_view number);

/// What is to be erased, and as whom.
struct Erasure {
  BusinessId business;
  std::string digits;  ///< number_digits(): calls from and to that number; empty: everything
  std::string actor;   ///< for the audit
  bool looks_only = false;
};

/// What was erased, or would be.
struct ErasureReport {
  std::int64_t calls = 0;       ///< whose names, numbers or recordings were there to erase
  std::int64_t recordings = 0;  ///< of them
  std::int64_t blobs = 0;       ///< removed
  std::int64_t blobs_left = 0;  ///< that could not be removed now: the server's upkeep tries again
  std::vector<Recording> held;  ///< whose calls were left as they were
};

/// Erases call by call, newest first; stopped anywhere, it can be run again. What is told of a business meanwhile is
/// not found. Errors: the call store's.
[[nodiscard]] Task<Result<ErasureReport>> erase(CallListStore& calls, KeepingStore& keeping, BlobStore& blobs,
                                                Clock& clock, Erasure erasure);

}  // namespace tapedeck
