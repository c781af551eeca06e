#pragma once

#include <optional>
#include <vector>

#include "base/error.hpp"
#include "calls/ports/put_outcome.hpp"
#include "domain/recording.hpp"
#include "runtime/task.hpp"

namespace tapedeck {

/// Businesses and their rules. Errors: see CallStore.
class BusinessStore {
 public:
  virtual ~BusinessStore() = default;

  /// Inserts or replaces. After a change of the retention, KeepingStore::reschedule_deletions() updates the recordings.
  [[nodiscard]] virtual Task<Result<PutOutcome>> put_business(Business business) = 0;
  [[nodiscard]] virtual Task<Result<std::optional<Business>>> find_business(BusinessId id) = 0;
  /// By id.
  [[nodiscard]] virtual Task<Result<std::vector<Business>>> list_businesses() = 0;
};

}  // namespace tapedeck
