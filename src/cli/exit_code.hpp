#pragma once

#include "main/exit_code.hpp"  // IWYU pragma: export
