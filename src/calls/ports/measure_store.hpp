#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "domain/recording.hpp"
#include "runtime/task.hpp"

namespace tapedeck {

/// A stored recording to be measured.
struct MeasureClaim {
  Recording recording;
  int tries = 0;  ///< this one included
};

/// How a measure ended without a result.
struct MeasureFailure {
  Cause cause;
  /// Set: measure again from then on. Otherwise final, and the cause is kept.
  std::optional<SystemTime> again_at;
  /// With again_at: false takes the try back, because it says nothing about the recording.
  bool try_counts = true;
};

/// Measures: what media/measuring.hpp finds in stored audio. A blob key that is no longer the recording's, or a
/// recording that is not stored, is refused with kStaleFence. Other errors: see CallStore.
class MeasureStore {
 public:
  virtual ~MeasureStore() = default;

  /// Stored recordings that are not measured, and that nobody has claimed at `now`: the last stored first, at most
  /// `limit`. The claim lasts until `until`; then a recording whose end was not recorded can be claimed again.
  [[nodiscard]] virtual Task<Result<std::vector<MeasureClaim>>> claim_unmeasured(SystemTime now, SystemTime until,
                                                                                 int limit) = 0;
  /// Ends every claim: the only process that measures has just started. Tries count on.
  [[nodiscard]] virtual Task<Result<void>> release_measures() = 0;
  /// The recording is measured, and its peaks are stored beside the blob.
  [[nodiscard]] virtual Task<Result<void>> record_measure(std::int64_t row_id, std::string blob_key,
                                                          AudioMeasure measure) = 0;
  [[nodiscard]] virtual Task<Result<void>> fail_measure(std::int64_t row_id, std::string blob_key,
                                                        MeasureFailure failure) = 0;
  /// Forgets the measure and its tries, so that the recording is measured again.
  [[nodiscard]] virtual Task<Result<void>> measure_again(std::int64_t row_id, std::string blob_key) = 0;
};

}  // namespace tapedeck
