#pragma once

#include <string_view>

#include "base/error.hpp"

namespace tapedeck {

/// Converts the errno of a failed write: ENOSPC, EDQUOT and EFBIG are kNoSpace; EROFS, EACCES and EPERM are kReadOnly;
/// the rest is kIo. The detail is `what` and the system's own words.
[[nodiscard]] Error error_of_errno(int number, std::string_view what);

}  // namespace tapedeck
