#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "blobs/blob_store.hpp"
#include "calls/businesses.hpp"
#include "calls/ports/recording_store.hpp"
#include "cli/commands/output.hpp"
#include "provider/recording_source.hpp"
#include "runtime/clock.hpp"

namespace tapedeck {

/// What `verify` reads at most, unless --rate says otherwise: a small share of one disk. Megabytes (10^6) a second.
inline constexpr double kVerifyRateDefault = 20;
inline constexpr double kVerifyRateMax = 10'000;
/// How often it says where it is.
inline constexpr Milliseconds kVerifyTellEvery{5'000};

/// What `verify` was given.
struct VerifyChoice {
  std::optional<std::string> business;  ///< none: all
  std::optional<std::string> after;     ///< "BUSINESS/SID", where an earlier run got to
  double rate = kVerifyRateDefault;
  bool repair = false;
};

/// Until the end, or until `stop`; then it says how to go on. Exit code 1: something is wrong, could not be
/// read, or was not looked at. `source` is asked with --repair alone.
[[nodiscard]] int verify_blobs(BusinessStore& stored_businesses, RecordingStore& recordings, BlobStore& blobs,
                               RecordingSource& source, Businesses& businesses, Clock& clock,
                               const VerifyChoice& choice, const Output& output, const std::stop_token& stop);

}  // namespace tapedeck
