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

/// The first bytes of a blob are kept, for decoders go back to the header; of the others one piece at a time.
inline constexpr std::size_t kFeedHeadBytes = std::size_t{64} * 1024;
inline constexpr std::size_t kFeedPieceBytes = std::size_t{256} * 1024;

/// The bytes of a blob for a thread that may wait, as decoders want them: at any place, mostly one after the other.
///
/// The blob is read by coroutines on `executor`, of a loop that another thread runs until this object is gone. Bytes in
/// order come from one reader, which for a blob that is far away is one request; a jump costs another.
class BlobFeed {
 public:
  BlobFeed(Blob& blob, boost::asio::any_io_executor executor, std::stop_token stop);
  BlobFeed(const BlobFeed&) = delete;
  BlobFeed& operator=(const BlobFeed&) = delete;
  ~BlobFeed();

  [[nodiscard]] std::uint64_t size() const { return blob_.size(); }
  /// Fills `out` from `offset` on, and says how much; less only at the blob's end. Errors: the blob's, and kCancelled
  /// after `stop`.
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
