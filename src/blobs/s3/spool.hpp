#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "runtime/offload.hpp"
#include "runtime/task.hpp"

namespace tapedeck::s3 {

/// Most bytes of a recording that wait in memory. A longer one goes to a file, and through memory in pieces of this
/// size. Bounds the memory of a writer.
inline constexpr std::size_t kSpoolMemoryBytes = 256 * 1024;

/// The bytes of a recording between their arrival and their upload: of a short one in memory, of a longer one in a file
/// without a name, so that nothing remains when the process ends. For one coroutine.
///
/// They wait because S3 must be told before the first byte what is known after the last one only: length, hash, and
/// whether this is a recording at all. They can also be sent again when a try fails.
class Spool {
 public:
  /// The file is made in `folder`. `pool` runs blocking calls, and must outlive the spool.
  Spool(OffloadPool& pool, std::string folder);
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;
  ~Spool();

  /// Errors kNoSpace, kReadOnly, kIo; after one nothing can be appended.
  [[nodiscard]] Task<Result<void>> append(std::string chunk);
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  /// Reads from `offset` on: at least one byte, at most `most`. `offset` must lie within the spool.
  [[nodiscard]] Task<Result<std::string>> read(std::uint64_t offset, std::size_t most);
  /// SHA-256 of `length` bytes from `offset` on, as 64 hexadecimal digits.
  [[nodiscard]] Task<Result<std::string>> hash(std::uint64_t offset, std::uint64_t length);

 private:
  [[nodiscard]] Result<void> write_gathered();
  [[nodiscard]] Result<std::string> read_now(std::uint64_t offset, std::size_t most) const;
  [[nodiscard]] Result<std::string> hash_now(std::uint64_t offset, std::uint64_t length) const;

  OffloadPool& pool_;
  std::string folder_;
  std::string gathered_;       // the last bytes; all of them while there is no file
  std::uint64_t in_file_ = 0;  // bytes
  std::uint64_t size_ = 0;
  int file_ = -1;
  std::optional<Error> failed_;
};

}  // namespace tapedeck::s3
