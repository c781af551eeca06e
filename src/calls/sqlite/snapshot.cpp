#include "calls/sqlite/snapshot.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

#include "calls/sqlite/database.hpp"

namespace tapedeck::sqlite {
namespace {

std::unexpected<Error> refuse(const std::string& path) {
  const int code = errno;
  const Errc errc = code == EEXIST   ? Errc::kConflict
                    : code == ENOSPC ? Errc::kNoSpace
                    : code == EROFS  ? Errc::kReadOnly
                                     : Errc::kIo;
  return fail(errc, fmt::format("{}: {}", path, std::generic_category().message(code)));
}

// VACUUM INTO takes an empty file, and leaves it the mode that it has.
Result<void> make_copy_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
  if (file < 0) return refuse(path);
  ::close(file);
  return {};
}

Result<void> write_copy(const std::string& from, const std::string& to) {
  auto source = Database::open(from, {});
  if (!source) return fail(source.error());
  try {
    source->run("VACUUM INTO ?1", to);
  } catch (const StorageFailure& failure) {
    return fail(failure.error().errc(), fmt::format("{}: {}", to, failure.error().detail));
  }
  const int file = ::open(to.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return refuse(to);
  const bool is_durable = ::fsync(file) == 0;
  if (!is_durable) return refuse(to);
  ::close(file);
  return {};
}

Result<void> check_copy(const std::string& path) {
  auto copy = Database::open(path, {});
  if (!copy) return fail(copy.error());
  try {
    Rows check = copy->query("PRAGMA quick_check(1)");
    const std::string verdict = check.next() ? check.text(0) : "";
    if (verdict == "ok") return {};
    return fail(Errc::kCorrupt, fmt::format("{}: the copy is damaged: {}", path, verdict));
  } catch (const StorageFailure& failure) {
    return fail(failure.error());
  }
}

}  // namespace

Result<void> copy_database(const std::string& from, const std::string& to) {
  if (auto made = make_copy_file(to); !made) return made;
  Result<void> copied = write_copy(from, to);
  if (copied) copied = check_copy(to);
  if (!copied) {
    for (const char* suffix : {"", "-wal", "-shm"}) ::unlink((to + suffix).c_str());
  }
  return copied;
}

}  // namespace tapedeck::sqlite
