#include "media/sndfile/blob_feed.hpp"

#include <algorithm>
#include <future>
#include <utility>

#include <boost/asio/co_spawn.hpp>

namespace tapedeck::sndfile {
namespace {

using Answer = Result<std::size_t>;

Task<Answer> read_once(BlobReader& reader, std::span<std::byte> out) {
  Answer got = co_await reader.read(out);
  co_return got;
}

// Readers belong to the loop: another thread must not destroy what they wait for there.
Task<Answer> destroy(std::unique_ptr<BlobReader> reader) {
  reader.reset();
  co_return 0U;
}

// Runs the task on the executor's thread, and waits here. The promise is shared, because the other thread may still be
// in set_value() when this one has the value.
Answer wait_for(const boost::asio::any_io_executor& executor, Task<Answer> task) {
  const auto promise = std::make_shared<std::promise<Answer>>();
  auto answer = promise->get_future();
  boost::asio::co_spawn(executor, std::move(task), [promise](std::exception_ptr failure, Answer got) {
    if (failure) {
      promise->set_exception(failure);
    } else {
      promise->set_value(std::move(got));
    }
  });
  return answer.get();
}

}  // namespace

BlobFeed::BlobFeed(Blob& blob, boost::asio::any_io_executor executor, std::stop_token stop)
    : blob_(blob), executor_(std::move(executor)), stop_(std::move(stop)) {}

BlobFeed::~BlobFeed() {
  if (reader_) (void)wait_for(executor_, destroy(std::move(reader_)));
}

Result<std::size_t> BlobFeed::read(std::uint64_t offset, std::span<std::byte> out) {
  std::size_t done = 0;
  while (done < out.size() && offset + done < blob_.size()) {
    const std::uint64_t at = offset + done;
    const std::span<std::byte> rest = out.subspan(done);
    std::size_t taken = copy_from(head_, at, rest);
    if (taken == 0) taken = copy_from(piece_, at, rest);
    if (taken == 0) {
      const bool is_head = at < kFeedHeadBytes;
      Piece& piece = is_head ? head_ : piece_;
      Result<void> loaded = load(piece, is_head ? 0 : at, is_head ? kFeedHeadBytes : kFeedPieceBytes);
      if (!loaded) return fail(loaded.error());
      taken = copy_from(piece, at, rest);
      if (taken == 0) return fail(Errc::kCorrupt, "the blob is shorter than it says");
    }
    done += taken;
  }
  return done;
}

std::size_t BlobFeed::copy_from(const Piece& piece, std::uint64_t offset, std::span<std::byte> out) {
  if (offset < piece.offset || offset - piece.offset >= piece.bytes.size()) return 0;
  const auto from = static_cast<std::size_t>(offset - piece.offset);
  const std::size_t count = std::min(out.size(), piece.bytes.size() - from);
  std::copy_n(piece.bytes.begin() + static_cast<std::ptrdiff_t>(from), count, out.begin());
  return count;
}

Result<void> BlobFeed::load(Piece& piece, std::uint64_t offset, std::size_t length) {
  if (!reader_ || reader_at_ != offset) {
    if (reader_) (void)wait_for(executor_, destroy(std::move(reader_)));
    reader_ = blob_.read_in_order(offset, blob_.size() - offset);
    reader_at_ = offset;
  }
  piece.offset = offset;
  piece.bytes.resize(static_cast<std::size_t>(std::min<std::uint64_t>(length, blob_.size() - offset)));
  std::size_t filled = 0;
  Result<std::size_t> got = 1U;
  while (got && *got > 0 && filled < piece.bytes.size()) {
    got = read_some(std::span(piece.bytes).subspan(filled));
    if (got) filled += *got;
  }
  piece.bytes.resize(filled);
  if (!got) return fail(got.error());
  return {};
}

Result<std::size_t> BlobFeed::read_some(std::span<std::byte> out) {
  if (stop_.stop_requested()) return fail(Errc::kCancelled, "stopped");
  Result<std::size_t> got = wait_for(executor_, read_once(*reader_, out));
  if (got) reader_at_ += *got;
  return got;
}

}  // namespace tapedeck::sndfile
