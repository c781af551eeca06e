#pragma once

#include "main/settings.hpp"

namespace tapedeck {

/// The composition root: makes every adapter and use case, and runs them until SIGTERM or SIGINT. Returns an exit code.
[[nodiscard]] int serve(const Settings& settings);

}  // namespace tapedeck
