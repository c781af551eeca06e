#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "domain/ids.hpp"
#include "domain/recording.hpp"

namespace tapedeck {

/// How far the running downloads of this process are. Thread-safe.
class ProgressBoard {
 public:
  void update(const BusinessId& business, const Sid& sid, Progress progress);
  void erase(const BusinessId& business, const Sid& sid);
  [[nodiscard]] std::optional<Progress> find(const BusinessId& business, const Sid& sid) const;

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Progress> running_;
};

}  // namespace tapedeck
