#include "blobs/s3/spool.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/sha256_stream.hpp"
#include "blobs/disk_error.hpp"

namespace tapedeck::s3 {
namespace {

// Recordings are private: only the owner reads them.
constexpr mode_t kFileMode = 0600;

std::unexpected<Error> fail_system(std::string_view what) { return fail(error_of_errno(errno, what)); }

// A file without a name; if the file system cannot make one, a file that loses its name at once.
int open_nameless(const std::string& folder) {
  const int file = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, kFileMode);
  if (file >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT)) return file;
  std::string pattern = folder + "/upload-XXXXXX";
  const int named = ::mkostemp(pattern.data(), O_CLOEXEC);
  if (named >= 0) (void)::unlink(pattern.c_str());
  return named;
}

}  // namespace

Spool::Spool(OffloadPool& pool, std::string folder) : pool_(pool), folder_(std::move(folder)) {}

Spool::~Spool() {
  if (file_ < 0) return;
  // Freeing the blocks of a large file takes a while, and this may be an event loop's thread.
  pool_.post([file = file_] { (void)::close(file); });
}

Task<Result<void>> Spool::append(std::string chunk) {
  if (failed_) co_return fail(*failed_);
  size_ += chunk.size();
  if (gathered_.empty()) {
    gathered_ = std::move(chunk);
  } else {
    gathered_ += chunk;
  }
  if (gathered_.size() <= kSpoolMemoryBytes) co_return Result<void>{};
  auto work = [this] { return write_gathered(); };
  Result<void> written = co_await offload(pool_, work);
  if (!written) failed_ = written.error();
  co_return written;
}

Result<void> Spool::write_gathered() {
  if (file_ < 0) file_ = open_nameless(folder_);
  if (file_ < 0) return fail_system(fmt::format("cannot make a file in {}", folder_));
  std::string_view rest = gathered_;
  while (!rest.empty()) {
    const ssize_t written = ::pwrite(file_, rest.data(), rest.size(), static_cast<off_t>(in_file_));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_system("cannot keep a recording until it is uploaded");
    in_file_ += static_cast<std::uint64_t>(written);
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  gathered_.clear();
  return {};
}

Task<Result<std::string>> Spool::read(std::uint64_t offset, std::size_t most) {
  if (failed_) co_return fail(*failed_);
  if (offset >= in_file_) {
    const std::uint64_t from = offset - in_file_;
    if (from >= gathered_.size()) co_return fail(Errc::kInternal, "read beyond a recording's end");
    co_return gathered_.substr(static_cast<std::size_t>(from), most);
  }
  auto work = [this, offset, most] { return read_now(offset, most); };
  Result<std::string> bytes = co_await offload(pool_, work);
  co_return bytes;
}

// Reads the file only.
Result<std::string> Spool::read_now(std::uint64_t offset, std::size_t most) const {
  std::string bytes(static_cast<std::size_t>(std::min<std::uint64_t>(most, in_file_ - offset)), '\0');
  while (true) {
    const ssize_t got = ::pread(file_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_system("cannot read a recording that waits for its upload");
    if (got == 0) return fail(Errc::kIo, "a recording that waits for its upload has become shorter");
    bytes.resize(static_cast<std::size_t>(got));
    return bytes;
  }
}

Task<Result<std::string>> Spool::hash(std::uint64_t offset, std::uint64_t length) {
  if (failed_) co_return fail(*failed_);
  auto work = [this, offset, length] { return hash_now(offset, length); };
  Result<std::string> digest = co_await offload(pool_, work);
  co_return digest;
}

Result<std::string> Spool::hash_now(std::uint64_t offset, std::uint64_t length) const {
  Sha256Stream digest;
  const std::uint64_t end = offset + length;
  while (offset < std::min(end, in_file_)) {
    const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(kSpoolMemoryBytes, end - offset));
    Result<std::string> bytes = read_now(offset, most);
    if (!bytes) return bytes;
    digest.update(*bytes);
    offset += bytes->size();
  }
  if (end > in_file_ + gathered_.size()) return fail(Errc::kInternal, "hashed beyond a recording's end");
  if (offset < end) {
    const auto from = static_cast<std::size_t>(offset - in_file_);
    digest.update(std::string_view(gathered_).substr(from, static_cast<std::size_t>(end - offset)));
  }
  return digest.finish_hex();
}

}  // namespace tapedeck::s3
