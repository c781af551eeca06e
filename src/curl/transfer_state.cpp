#include "curl/transfer_state.hpp"

#include <algorithm>
#include <utility>

namespace tapedeck {

bool TransferState::offer(std::string_view bytes) {
  std::unique_lock lock(mutex_);
  // An empty pipe takes one piece, however small the limit.
  if (!pipe_.empty() && pipe_.size() + bytes.size() > request.limits.pipe_bytes) {
    paused_ = true;
    return false;
  }
  pipe_ += bytes;
  notify(std::move(lock));
  return true;
}

std::size_t TransferState::take_upload(std::span<char> out) {
  std::unique_lock lock(mutex_);
  const std::size_t count = std::min(out.size(), upload_.size() - upload_taken_);
  if (count == 0) {
    upload_paused_ = true;
    return 0;
  }
  upload_.copy(out.data(), count, upload_taken_);
  upload_taken_ += count;
  if (upload_taken_ == upload_.size()) {
    upload_.clear();
    upload_taken_ = 0;
  }
  notify(std::move(lock));
  return count;
}

void TransferState::announce_head(CurlHead head) {
  std::unique_lock lock(mutex_);
  head_ = std::move(head);
  notify(std::move(lock));
}

void TransferState::end(std::optional<CurlError> error, bool cut_by_us) {
  std::unique_lock lock(mutex_);
  if (ended_) return;
  ended_ = true;
  cut_by_us_ = cut_by_us;
  error_ = std::move(error);
  // Part of a body is useless.
  if (error_) pipe_ = {};
  notify(std::move(lock));
}

void TransferState::when(TransferWish wish, Waiter waiter) {
  std::unique_lock lock(mutex_);
  waiter_ = std::move(waiter);
  wish_ = wish;
  notify(std::move(lock));
}

bool TransferState::put_upload(std::string bytes, bool& resume) {
  const std::scoped_lock lock(mutex_);
  // Even if no more is wanted, because libcurl does not end a paused transfer.
  resume = std::exchange(upload_paused_, false);
  if (ended_ || head_) return false;
  if (upload_.empty()) {
    upload_ = std::move(bytes);
  } else {
    upload_ += bytes;
  }
  return true;
}

CurlResult<CurlHead> TransferState::take_head() {
  const std::scoped_lock lock(mutex_);
  // If the body broke off, the status still decides.
  if (head_) return *head_;
  if (error_) return std::unexpected(*error_);
  return std::unexpected(CurlError{CurlFailure::kNoAnswer, "no answer"});
}

CurlResult<std::string> TransferState::take_bytes(bool& resume) {
  const std::scoped_lock lock(mutex_);
  if (error_) return std::unexpected(*error_);
  resume = std::exchange(paused_, false);
  return std::exchange(pipe_, {});
}

bool TransferState::has_ended() const {
  const std::scoped_lock lock(mutex_);
  return ended_;
}

bool TransferState::was_cut_by_us() const {
  const std::scoped_lock lock(mutex_);
  return cut_by_us_;
}

bool TransferState::is_fulfilled(TransferWish wish) const {
  switch (wish) {
    case TransferWish::kRoom:
      return ended_ || head_.has_value() || upload_.size() - upload_taken_ < request.limits.pipe_bytes;
    case TransferWish::kHead: return ended_ || head_.has_value();
    case TransferWish::kBytes: return ended_ || !pipe_.empty();
    case TransferWish::kEnd: break;
  }
  return ended_;
}

// The waiter is foreign code, so it is called without the mutex.
void TransferState::notify(std::unique_lock<std::mutex> lock) {
  if (!waiter_ || !is_fulfilled(wish_)) return;
  Waiter waiter = std::exchange(waiter_, nullptr);
  lock.unlock();
  waiter();
}

}  // namespace tapedeck
