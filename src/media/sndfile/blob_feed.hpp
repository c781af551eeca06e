#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "blobs/blob_store.hpp"

namespace tapedeck::sndfile {

/// Bytes at the beginning of a blob that are kept, because decoders return to the header; of the rest one piece is
/// kept.
inline constexpr std::size_t kFeedHeadBytes = std::size_t{64} * 1024;
inline constexpr std::size_t kFeedPieceBytes = std::size_t{256} * 1024;

/// Gives a blob's bytes to a decoder on a thread that may block: at any place, mostly in order.
///
/// Coroutines on `executor` read the blob; another thread must run that loop until this object is gone. Bytes in order
/// come from one reader, which is one request to a remote store; a jump costs another.
class BlobFeed {
 public:
  BlobFeed(Blob& blob, boost::asio::any_io_executor executor, std::stop_token stop);
  BlobFeed(const BlobFeed&) = delete;
  BlobFeed& operator=(const BlobFeed&) = delete;
  ~BlobFeed();

  [[nodiscard]] std::uint64_t size() const { return blob_.size(); }
  /// Fills `out` from `offset` on; returns how much, which is less than wanted only at the blob's end. Errors: the
  /// blob's, and kCancelled after `stop`.
  [[nodiscard]] Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> out);

 private:
  // Bytes of the blob from `offset` on.
  struct Piece {
    std::uint64_t offset = 0;
    std::vector<std::byte> bytes;
  };

  [[nodiscard]] static std::size_t copy_from(const Piece& piece, std::uint64_t offset, std::span<std::byte> out);
  [[nodiscard]] Result<void> load(Piece& piece, std::uint64_t offset, std::size_t length);
  [[nodiscard]] Result<std::size_t> read_some(std::span<std::byte> out);

  Blob& blob_;
  boost::asio::any_io_executor executor_;
  std::stop_token stop_;
  Piece head_;
  Piece piece_;
  std::unique_ptr<BlobReader> reader_;
  std::uint64_t reader_at_ = 0;
};

}  // namespace tapedeck::sndfile
