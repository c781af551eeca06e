#pragma once

#include <exception>
#include <string>

namespace tapedeck {

/// The text of an exception, for the log.
[[nodiscard]] std::string describe(const std::exception_ptr& failure);

}  // namespace tapedeck
