#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "blobs/blob_store.hpp"
#include "blobs/s3/connection.hpp"
#include "blobs/s3/upload.hpp"

namespace tapedeck::s3 {

/// Most times that one reader resumes after an answer was cut.
inline constexpr int kResumesMax = 5;

/// An object as it was when it was opened. Every request names its ETag; every answer's ETag, size and range are
/// checked before its first byte is used.
class ObjectBlob final : public Blob {
 public:
  /// `connection` must outlive the blob and its readers.
  ObjectBlob(Connection& connection, std::string key, ObjectHead head)
      : connection_(connection), key_(std::move(key)), head_(std::move(head)) {}

  [[nodiscard]] std::uint64_t size() const noexcept override { return head_.size; }
  [[nodiscard]] int file_descriptor() const noexcept override { return -1; }
  [[nodiscard]] Task<Result<std::size_t>> read(std::uint64_t offset, std::span<std::byte> out) override;
  [[nodiscard]] std::unique_ptr<BlobReader> read_in_order(std::uint64_t offset, std::uint64_t length) override;

 private:
  Connection& connection_;
  std::string key_;
  ObjectHead head_;
};

}  // namespace tapedeck::s3
