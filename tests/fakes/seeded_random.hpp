#pragma once

#include <cstdint>
#include <random>

#include "runtime/random.hpp"

namespace tapedeck {

/// The same numbers for the same seed. One thread only.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}

  [[nodiscard]] double uniform() override { return std::uniform_real_distribution<>(0, 1)(engine_); }
  [[nodiscard]] std::string bytes(std::size_t count) override {
    std::string out(count, '\0');
    for (char& byte : out) byte = static_cast<char>(engine_() & 0xff);
    return out;
  }

  /// Uniform in [0, bound).
  [[nodiscard]] std::size_t below(std::size_t bound) { return static_cast<std::size_t>(engine_() % bound); }
  [[nodiscard]] bool chance(double probability) { return uniform() < probability; }

 private:
  std::mt19937_64 engine_;
};

}  // namespace tapedeck
