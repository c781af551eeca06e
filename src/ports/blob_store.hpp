#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "ports/task.hpp"

namespace tapedeck {

/// A published blob, open for reading. Thread-safe; reads of it never disturb each other.
class Blob {
 public:
  virtual ~Blob() = default;
  [[nodiscard]] virtual std::uint64_t size() const noexcept = 0;
  /// For sendfile(2) and pread(2), where the blob is a file; valid as long as this object. -1 otherwise.
  [[nodiscard]] virtual int file_descriptor() const noexcept = 0;
  /// Reads up to out.size() bytes at `offset`; 0 only at the end.
  [[nodiscard]] virtual Task<Result<std::size_t>> read(std::uint64_t offset, std::span<std::byte> out) = 0;
};

/// A blob being written; invisible until publish(). Destroyed without it, nothing remains.
class BlobWriter {
 public:
  virtual ~BlobWriter() = default;
  /// Appends. Errors kNoSpace, kReadOnly, kIo end the blob: destroy the writer.
  [[nodiscard]] virtual Task<Result<void>> write(std::string chunk) = 0;
  /// Makes the bytes durable, then visible in one step under their key. A blob that is there already is replaced: the
  /// caller's fence decides who may publish. After an error nothing is visible that was not before.
  [[nodiscard]] virtual Task<Result<void>> publish() = 0;
};

/// Holds the audio. Thread-safe. Keys come from core/blob_key.hpp only.
class BlobStore {
 public:
  virtual ~BlobStore() = default;
  [[nodiscard]] virtual Task<Result<std::unique_ptr<BlobWriter>>> create(std::string key) = 0;
  /// Error kNotFound.
  [[nodiscard]] virtual Task<Result<std::shared_ptr<Blob>>> open(std::string key) = 0;
  /// Removing what is not there succeeds.
  [[nodiscard]] virtual Task<Result<void>> remove(std::string key) = 0;
  /// Removes what earlier processes left unpublished; returns how many. To be called before the first create().
  [[nodiscard]] virtual Task<Result<int>> collect_leftovers() = 0;
  /// Error: why nothing could be written now. For readyz.
  [[nodiscard]] virtual Task<Result<void>> ping() = 0;
};

}  // namespace tapedeck
