#pragma once

#include <functional>

#include <fcntl.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

namespace tapedeck {

/// System calls whose failure could lose a recording; tests replace them by failing ones. Each behaves as in its manual
/// page: -1 and errno.
struct FileSystemCalls {
  std::function<ssize_t(int, const void*, size_t)> write = ::write;
  std::function<int(int)> fsync = ::fsync;
  std::function<int(int, const char*, int, const char*, unsigned)> renameat2 = ::renameat2;
};

}  // namespace tapedeck
