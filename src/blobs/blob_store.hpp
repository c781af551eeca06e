#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/time.hpp"
#include "runtime/task.hpp"

namespace tapedeck {

/// Reads a part of a blob from front to back, for one coroutine.
class BlobReader {
 public:
  virtual ~BlobReader() = default;
  /// The next bytes, up to out.size(); 0 only at the part's end. After an error nothing more comes.
  [[nodiscard]] virtual Task<Result<std::size_t>> read(std::span<std::byte> out) = 0;
};

/// A published blob, open for reading. Thread-safe; reads do not disturb each other. When the blob is replaced or
/// removed meanwhile, reads either go on with its own bytes or fail with kNotFound or kConflict. They never return
/// bytes of another blob.
class Blob {
 public:
  virtual ~Blob() = default;
  [[nodiscard]] virtual std::uint64_t size() const noexcept = 0;
  /// For sendfile(2) and pread(2) when the blob is a file; valid as long as this object. Otherwise -1.
  [[nodiscard]] virtual int file_descriptor() const noexcept = 0;
  /// Reads up to out.size() bytes at `offset`; 0 only at the end.
  [[nodiscard]] virtual Task<Result<std::size_t>> read(std::uint64_t offset, std::span<std::byte> out) = 0;
  /// Reads `length` bytes from `offset` on, in order: a remote store requests them all at once. The part must lie
  /// within the blob, and the blob must outlive the reader.
  [[nodiscard]] virtual std::unique_ptr<BlobReader> read_in_order(std::uint64_t offset, std::uint64_t length);
};

// For a local blob: each piece is a read() of its own.
class PositionReader final : public BlobReader {
 public:
  PositionReader(Blob& blob, std::uint64_t offset, std::uint64_t length)
      : blob_(blob), offset_(offset), rest_(length) {}

  [[nodiscard]] Task<Result<std::size_t>> read(std::span<std::byte> out) override {
    const std::span<std::byte> wanted = out.first(std::min<std::uint64_t>(out.size(), rest_));
    if (wanted.empty()) co_return 0U;
    Result<std::size_t> got = co_await blob_.read(offset_, wanted);
    if (!got) co_return got;
    offset_ += *got;
    rest_ -= *got;
    co_return got;
  }

 private:
  Blob& blob_;
  std::uint64_t offset_;
  std::uint64_t rest_;
};

inline std::unique_ptr<BlobReader> Blob::read_in_order(std::uint64_t offset, std::uint64_t length) {
  return std::make_unique<PositionReader>(*this, offset, length);
}

/// What a store keeps beside a blob, if it can.
struct BlobFacts {
  std::string sha256_hex;    ///< of its bytes: 64 lower-case digits
  std::string content_type;  ///< "audio/mpeg"
};

/// A blob being written; invisible until publish(). Destroyed without it, nothing remains.
class BlobWriter {
 public:
  virtual ~BlobWriter() = default;
  /// Appends. Errors kNoSpace, kReadOnly, kIo end the blob: destroy the writer.
  [[nodiscard]] virtual Task<Result<void>> write(std::string chunk) = 0;
  /// Makes the bytes durable, then visible under their key in one step. The key holds the caller's fence, so a blob
  /// that is already there comes from an earlier attempt: equal bytes count as published; other bytes are replaced, or
  /// the error is kConflict. After an error nothing new is visible, unless the store could not be asked again: then the
  /// blob may have become visible. A remote store ends the upload once `stop` is requested, with kCancelled.
  [[nodiscard]] virtual Task<Result<void>> publish(BlobFacts facts, std::stop_token stop) = 0;
};

/// Most blobs that one call of list() names.
inline constexpr int kBlobPageMax = 1'000;

/// A published blob in a list.
struct BlobEntry {
  std::string key;
  std::uint64_t size = 0;  ///< bytes
  SystemTime written_at;   ///< by the store's clock; of a file: of its last byte
};

/// Holds the audio. Thread-safe. Keys come from blobs/blob_key.hpp only.
class BlobStore {
 public:
  virtual ~BlobStore() = default;
  [[nodiscard]] virtual Task<Result<std::unique_ptr<BlobWriter>>> create(std::string key) = 0;
  /// Error kNotFound.
  [[nodiscard]] virtual Task<Result<std::shared_ptr<Blob>>> open(std::string key) = 0;
  /// Removing a missing blob succeeds.
  [[nodiscard]] virtual Task<Result<void>> remove(std::string key) = 0;
  /// The size of a blob in bytes, without reading any; empty: there is none.
  [[nodiscard]] virtual Task<Result<std::optional<std::uint64_t>>> size_of(std::string key) = 0;
  /// Lists published blobs whose keys come after `after`, in the order of bytes, at most `limit` (1 to kBlobPageMax);
  /// fewer than that are the last ones. Other files and objects are skipped. A blob that is published or removed
  /// meanwhile may be listed or not. Cost in a directory: the recordings that share two digits.
  [[nodiscard]] virtual Task<Result<std::vector<BlobEntry>>> list(std::string after, int limit) = 0;
  /// Removes what earlier processes left unpublished; returns how many. To be called before the first create().
  [[nodiscard]] virtual Task<Result<int>> collect_leftovers() = 0;
  /// Error: why nothing can be written now. For readyz.
  [[nodiscard]] virtual Task<Result<void>> ping() = 0;
  /// A URL that gives the blob by GET, straight from the store, to whoever holds it, for `lifetime` from now on (at
  /// most seven days). None if the store has no such URLs. Sends no request, so the blob may be missing.
  [[nodiscard]] virtual std::optional<std::string> link(const std::string& key, Seconds lifetime) {
    (void)key;
    (void)lifetime;
    return std::nullopt;
  }
};

}  // namespace tapedeck
