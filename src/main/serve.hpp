#pragma once

#include "main/settings.hpp"

namespace tapedeck {

/// Runs a server of the settings until SIGTERM or SIGINT. Returns an exit code.
[[nodiscard]] int serve(const Settings& settings);

}  // namespace tapedeck
