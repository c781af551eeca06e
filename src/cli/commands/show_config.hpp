#pragma once

#include "cli/commands/output.hpp"
#include "main/config.hpp"

namespace tapedeck {

/// Every setting as it holds, where it came from, and what it means; secrets as ***.
void show_config(const Config& config, const Output& output);

}  // namespace tapedeck
