#pragma once

#include <string>

#include "base/error.hpp"
#include "domain/import.hpp"
#include "runtime/task.hpp"

namespace tapedeck {

/// Leases and marks of periodic work. Leases use the wall clocks of those who ask, so they suit work that two processes
/// may do at once without harm. Errors: see CallStore.
class LeaseStore {
 public:
  virtual ~LeaseStore() = default;

  /// Gives the holder a lease until now + ttl. False: another holder has it, and it has not expired.
  [[nodiscard]] virtual Task<Result<bool>> take_lease(std::string name, std::string holder, SystemTime now,
                                                      Milliseconds ttl) = 0;
  /// Frees the lease if it is the holder's.
  [[nodiscard]] virtual Task<Result<void>> drop_lease(std::string name, std::string holder) = 0;
  /// Somebody has the lease.
  [[nodiscard]] virtual Task<Result<bool>> is_leased(std::string name, SystemTime now) = 0;
  /// An empty mark if there is none.
  [[nodiscard]] virtual Task<Result<UpkeepMark>> find_mark(std::string name) = 0;
  [[nodiscard]] virtual Task<Result<void>> put_mark(std::string name, UpkeepMark mark) = 0;
};

}  // namespace tapedeck
