#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace tapedeck {

/// A source of random numbers. Thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  /// Uniform in [0, 1); for jitter.
  [[nodiscard]] virtual double uniform() = 0;
  /// `count` unpredictable bytes; for ids, tokens and keys.
  [[nodiscard]] virtual std::string bytes(std::size_t count) = 0;
};

}  // namespace tapedeck
