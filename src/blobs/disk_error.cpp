#include "blobs/disk_error.hpp"

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

namespace tapedeck {

Error error_of_errno(int number, std::string_view what) {
  Errc code = Errc::kIo;
  switch (number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: code = Errc::kNoSpace; break;
    case EROFS:
    case EACCES:
    case EPERM: code = Errc::kReadOnly; break;
    default: break;
  }
  return {code, fmt::format("{}: {}", what, std::generic_category().message(number))};
}

}  // namespace tapedeck
