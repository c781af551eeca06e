#pragma once

#include <optional>
#include <vector>

#include "calls/ports/waiting_store.hpp"

namespace tapedeck {

/// Rows read at once.
inline constexpr int kWaitingPage = 1'000;
/// Pages of one pass: ten million rows.
inline constexpr int kWaitingPagesMax = 10'000;

/// The rows that wait in the call store, all or those of one business, a page at a time and in the order of asking.
class WaitingRows {
 public:
  explicit WaitingRows(WaitingStore& store, std::optional<BusinessId> business = std::nullopt)
      : store_(store), business_(std::move(business)) {}

  /// Empty after the last one. Errors: the call store's.
  [[nodiscard]] Task<Result<std::vector<WaitingRecording>>> next();

 private:
  WaitingStore& store_;
  const std::optional<BusinessId> business_;
  std::int64_t after_ = 0;
  int pages_left_ = kWaitingPagesMax;
};

}  // namespace tapedeck
