#include "http/server/response_writer.hpp"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <utility>

#include "http/server/limits.hpp"

namespace tapedeck::http {
namespace {

// One read-ahead covers the next piece and the one after it.
constexpr std::uint64_t kReadAheadPieces = 2;
// A scratch buffer that grew for one large head is not kept.
constexpr std::size_t kScratchMax = 64 * 1024;

// Reads without waiting for the disk, if the file system supports that; a plain read otherwise.
::ssize_t read_if_cached(int file, char* out, std::size_t count, std::uint64_t offset) {
  ::iovec target{out, count};
  const ::ssize_t got = ::preadv2(file, &target, 1, static_cast<::off_t>(offset), RWF_NOWAIT);
  if (got < 0 && (errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL)) {
    return ::pread(file, out, count, static_cast<::off_t>(offset));
  }
  return got;
}

std::unexpected<Error> fail_short() { return fail(Errc::kCorrupt, "the stored bytes end before their size"); }

}  // namespace

ResponseWriter::Step ResponseWriter::start(int socket, Response response, const ResponseFraming& framing,
                                           WriterContext& context) {
  bytes_sent_ = 0;
  reader_.reset();
  std::string& head = context.scratch;
  if (head.capacity() > kScratchMax) head = {};
  head.clear();
  append_head(head, response, framing, context.date);
  if (framing.head_only || !has_content(response.status)) return send_or_keep(socket, head, 0);

  body_ = std::move(response.body);
  if (const auto* text = std::get_if<std::string>(&body_)) return start_text(socket, head, *text);
  if (const auto* bytes = std::get_if<StaticBody>(&body_)) return start_text(socket, head, bytes->bytes);

  const auto& part = std::get<BlobBody>(body_);
  blob_ = part.blob.get();
  blob_offset_ = part.offset;
  blob_rest_ = part.length;
  warm_until_ = 0;
  if (blob_rest_ == 0) return send_or_keep(socket, head, 0);
  if (blob_ == nullptr) return Step::kBroken;
  if (blob_->file_descriptor() < 0) {
    pending_ = head;
    return Step::kFetch;
  }
  return blob_rest_ <= kInlineBlobMax ? start_inline_blob(socket, head) : start_large_blob(socket, head);
}

ResponseWriter::Step ResponseWriter::start_text(int socket, std::string_view head, std::string_view text) {
  std::array<::iovec, 2> parts{};
  parts[0] = {const_cast<char*>(head.data()), head.size()};  // sendmsg(2) does not write to it
  parts[1] = {const_cast<char*>(text.data()), text.size()};
  ::msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  ::ssize_t sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
  if (sent < 0) {
    if (after_send_error() == Step::kBroken) return Step::kBroken;
    sent = 0;
  }
  const auto count = static_cast<std::size_t>(sent);
  bytes_sent_ += count;
  if (count == head.size() + text.size()) return Step::kDone;
  if (count < head.size()) pending_ = head.substr(count);
  text_ = text.substr(count < head.size() ? 0 : count - head.size());
  return Step::kBlocked;
}

ResponseWriter::Step ResponseWriter::start_inline_blob(int socket, std::string& head) {
  const std::size_t head_size = head.size();
  const auto length = static_cast<std::size_t>(blob_rest_);
  ::ssize_t got = 0;
  head.resize_and_overwrite(head_size + length, [&](char* text, std::size_t) {
    got = read_if_cached(blob_->file_descriptor(), text + head_size, length, blob_offset_);
    return got == static_cast<::ssize_t>(length) ? head_size + length : head_size;
  });
  if (head.size() == head_size) {  // not in memory, or missing: fetch() finds out
    pending_ = head;
    return Step::kFetch;
  }
  blob_rest_ = 0;
  return send_or_keep(socket, head, 0);
}

ResponseWriter::Step ResponseWriter::start_large_blob(int socket, std::string_view head) {
  const Step step = send_or_keep(socket, head, MSG_MORE);
  return step == Step::kDone ? send_file(socket) : step;
}

ResponseWriter::Step ResponseWriter::send_or_keep(int socket, std::string_view bytes, int flags) {
  ::ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | flags);
  if (sent < 0) {
    if (after_send_error() == Step::kBroken) return Step::kBroken;
    sent = 0;
  }
  const auto count = static_cast<std::size_t>(sent);
  bytes_sent_ += count;
  if (count == bytes.size()) return Step::kDone;
  pending_ = bytes.substr(count);
  return Step::kBlocked;
}

ResponseWriter::Step ResponseWriter::advance(int socket) {
  const Step step = flush_pending(socket);
  if (step != Step::kDone) return step;
  if (!text_.empty()) {
    const ::ssize_t sent = ::send(socket, text_.data(), text_.size(), MSG_NOSIGNAL);
    if (sent < 0) return after_send_error();
    bytes_sent_ += static_cast<std::uint64_t>(sent);
    text_.remove_prefix(static_cast<std::size_t>(sent));
    return text_.empty() ? Step::kDone : Step::kBlocked;
  }
  if (blob_rest_ == 0) return Step::kDone;
  return blob_->file_descriptor() < 0 ? Step::kFetch : send_file(socket);
}

ResponseWriter::Step ResponseWriter::flush_pending(int socket) {
  if (pending_.empty()) return Step::kDone;
  const std::string_view rest = std::string_view(pending_).substr(pending_sent_);
  const int more = blob_rest_ > 0 ? MSG_MORE : 0;
  const ::ssize_t sent = ::send(socket, rest.data(), rest.size(), MSG_NOSIGNAL | more);
  if (sent < 0) return after_send_error();
  bytes_sent_ += static_cast<std::uint64_t>(sent);
  pending_sent_ += static_cast<std::size_t>(sent);
  if (pending_sent_ < pending_.size()) return Step::kBlocked;
  pending_sent_ = 0;
  // The next chunk reuses a chunk's buffer; a head's buffer is not needed again.
  if (blob_rest_ > 0) {
    pending_.clear();
  } else {
    pending_ = {};
  }
  return Step::kDone;
}

ResponseWriter::Step ResponseWriter::send_file(int socket) {
  const int file = blob_->file_descriptor();
  const std::uint64_t piece = std::min(blob_rest_, kSendfilePiece);
  if (blob_offset_ >= warm_until_ && !in_page_cache(blob_offset_ + piece - 1)) return Step::kFetch;
  auto offset = static_cast<::off_t>(blob_offset_);
  const ::ssize_t sent = ::sendfile(socket, file, &offset, static_cast<std::size_t>(piece));
  if (sent < 0) return after_send_error();
  if (sent == 0) return Step::kBroken;  // the file is shorter than its recorded size
  const auto count = static_cast<std::uint64_t>(sent);
  bytes_sent_ += count;
  blob_offset_ += count;
  blob_rest_ -= count;
  if (blob_rest_ == 0) return Step::kDone;
  return count < piece ? Step::kBlocked : Step::kYield;
}

// Checks only the last byte of a piece: read-ahead loads pages from the front.
bool ResponseWriter::in_page_cache(std::uint64_t offset) const {
  char byte = 0;
  return read_if_cached(blob_->file_descriptor(), &byte, 1, offset) == 1;
}

Task<Result<void>> ResponseWriter::fetch() {
  const int file = blob_->file_descriptor();
  const bool through_sendfile = file >= 0 && blob_rest_ > kInlineBlobMax;
  if (!through_sendfile) {
    if (!reader_) reader_ = blob_->read_in_order(blob_offset_, blob_rest_);
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(blob_rest_, kBlobChunk));
    const std::size_t kept = pending_.size();  // the head, before the first chunk
    pending_.resize(kept + want);
    const std::span<std::byte> target = std::as_writable_bytes(std::span(pending_)).subspan(kept);
    const Result<std::size_t> got = co_await reader_->read(target);
    if (!got) co_return fail(got.error());
    if (*got == 0) co_return fail_short();
    pending_.resize(kept + *got);
    blob_offset_ += *got;
    blob_rest_ -= *got;
    co_return Result<void>{};
  }
  const std::uint64_t piece = std::min(blob_rest_, kSendfilePiece);
  (void)::posix_fadvise(file, static_cast<::off_t>(blob_offset_),
                        static_cast<::off_t>(std::min(blob_rest_, kReadAheadPieces * kSendfilePiece)),
                        POSIX_FADV_WILLNEED);
  std::array<std::byte, 1> last{};
  const Result<std::size_t> got = co_await blob_->read(blob_offset_ + piece - 1, std::span<std::byte>(last));
  if (!got) co_return fail(got.error());
  if (*got == 0) co_return fail_short();
  warm_until_ = blob_offset_ + piece;
  co_return Result<void>{};
}

ResponseWriter::Step ResponseWriter::after_send_error() const {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? Step::kBlocked : Step::kBroken;
}

void ResponseWriter::reset() {
  reader_.reset();
  body_ = std::string();
  pending_ = {};
  pending_sent_ = 0;
  text_ = {};
  blob_ = nullptr;
  blob_rest_ = 0;
}

}  // namespace tapedeck::http
