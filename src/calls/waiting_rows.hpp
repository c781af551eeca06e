#pragma once

#include <optional>
#include <vector>

#include "calls/ports/call_store.hpp"

namespace tapedeck {

/// Rows read at once.
inline constexpr int kWaitingPage = 1'000;
/// Pages of one pass: ten million rows.
inline constexpr int kWaitingPagesMax = 10'000;

/// The rows that wait in the call store, all or those of one business, a page at a time and in the order of asking.
class WaitingRows {
 public:
  explicit WaitingRows(CallStore& calls, std::optional<BusinessId> business = std::nullopt)
      : calls_(calls), business_(std::move(business)) {}

  /// Empty after the last one. Errors: the call store's.
  [[nodiscard]] Task<Result<std::vector<WaitingRecording>>> next();

 private:
  CallStore& calls_;
  const std::optional<BusinessId> business_;
  std::int64_t after_ = 0;
  int pages_left_ = kWaitingPagesMax;
};

}  // namespace tapedeck
