#pragma once

#include "runtime/random.hpp"

namespace tapedeck {

/// The kernel's generator, getrandom(2). Throws std::system_error where the kernel lacks it.
class SystemRandom final : public Random {
 public:
  [[nodiscard]] double uniform() override;
  [[nodiscard]] std::string bytes(std::size_t count) override;
};

}  // namespace tapedeck
