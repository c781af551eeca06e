#include "blobs/s3/blob.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

namespace tapedeck::s3 {
namespace {

constexpr int kRangeNotSatisfiable = 416;

std::unexpected<Error> fail_replaced() { return fail(Errc::kConflict, "the blob was replaced after it was opened"); }

// One ranged GET for the whole part, and another for the rest if the answer is cut.
class RangeReader final : public BlobReader {
 public:
  RangeReader(Connection& connection, std::string key, ObjectHead head, std::uint64_t offset, std::uint64_t length)
      : connection_(connection), key_(std::move(key)), head_(std::move(head)), offset_(offset), rest_(length) {}

  [[nodiscard]] Task<Result<std::size_t>> read(std::span<std::byte> out) override {
    while (chunk_taken_ == chunk_.size()) {
      if (failed_) co_return fail(*failed_);
      if (rest_ == 0) co_return 0U;
      Result<void> received = co_await receive();
      if (!received) failed_ = received.error();
    }
    const std::size_t count = std::min(out.size(), chunk_.size() - chunk_taken_);
    std::memcpy(out.data(), chunk_.data() + chunk_taken_, count);
    chunk_taken_ += count;
    co_return count;
  }

 private:
  // Receives the next bytes into chunk_, or none if the transfer was cut and may be started again.
  [[nodiscard]] Task<Result<void>> receive() {
    chunk_.clear();
    chunk_taken_ = 0;
    if (!transfer_) {
      Result<void> opened = co_await open();
      if (!opened) co_return opened;
    }
    CurlResult<std::string> bytes = co_await transfer_->read();
    if (!bytes || bytes->empty()) {
      transfer_.reset();
      if (++cuts_ <= kResumesMax) co_return Result<void>{};
      const std::string why = bytes ? "the answer ended early" : bytes.error().detail;
      co_return fail(Errc::kUnavailable, fmt::format("cut off {} times: {}", cuts_, why));
    }
    if (bytes->size() > rest_) co_return fail(Errc::kUnavailable, "the store sent more than was requested");
    chunk_ = std::move(*bytes);
    offset_ += chunk_.size();
    rest_ -= chunk_.size();
    if (rest_ == 0) {
      // Reading the end, which has arrived already, frees the connection for the next request.
      (void)co_await transfer_->read();
      transfer_.reset();
    }
    co_return Result<void>{};
  }

  [[nodiscard]] Task<Result<void>> open() {
    Call call;
    call.key = key_;
    call.headers = {{"Range", fmt::format("bytes={}-{}", offset_, offset_ + rest_ - 1)}, {"If-Match", head_.etag}};
    call.streams_answer = true;
    call.accepted_status = kRangeNotSatisfiable;
    Result<Exchange> answer = co_await connection_.exchange(std::move(call));
    if (!answer && answer.error().errc() == Errc::kConflict) co_return fail_replaced();
    if (!answer) co_return fail(answer.error());
    if (Result<void> right = check(answer->head); !right) co_return right;
    transfer_ = std::move(answer->transfer);
    co_return Result<void>{};
  }

  // A store may ignore If-Match and Range, so its answer is checked.
  [[nodiscard]] Result<void> check(const CurlHead& head) const {
    if (head.status == kRangeNotSatisfiable || head.find("etag") != head_.etag) return fail_replaced();
    const bool is_whole = offset_ == 0 && rest_ == head_.size;
    if (head.status == 200 && is_whole && head.find("content-length") == fmt::format("{}", head_.size)) return {};
    const std::string wanted = fmt::format("bytes {}-{}/{}", offset_, offset_ + rest_ - 1, head_.size);
    if (head.status == 206 && head.find("content-range") == wanted) return {};
    return fail(Errc::kUnavailable, fmt::format("requested {}, and got {} {}", wanted, head.status,
                                                head.find("content-range").value_or("without a range")));
  }

  Connection& connection_;
  std::string key_;
  ObjectHead head_;
  std::uint64_t offset_;  // of the next byte to receive
  std::uint64_t rest_;    // bytes still to receive
  std::unique_ptr<CurlTransfer> transfer_;
  std::string chunk_;  // received
  std::size_t chunk_taken_ = 0;
  int cuts_ = 0;
  std::optional<Error> failed_;
};

}  // namespace

std::unique_ptr<BlobReader> ObjectBlob::read_in_order(std::uint64_t offset, std::uint64_t length) {
  return std::make_unique<RangeReader>(connection_, key_, head_, offset, length);
}

Task<Result<std::size_t>> ObjectBlob::read(std::uint64_t offset, std::span<std::byte> out) {
  if (offset >= head_.size) co_return 0U;
  const std::uint64_t length = std::min<std::uint64_t>(out.size(), head_.size - offset);
  const std::unique_ptr<BlobReader> reader = read_in_order(offset, length);
  std::size_t filled = 0;
  while (filled < length) {
    Result<std::size_t> got = co_await reader->read(out.subspan(filled));
    if (!got) co_return got;
    filled += *got;
  }
  co_return filled;
}

}  // namespace tapedeck::s3
