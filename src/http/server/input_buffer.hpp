#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

#include <boost/asio/buffer.hpp>

namespace tapedeck::http {

/// Bytes that were received and not yet parsed. It stays small while little arrives, and never exceeds its limit.
class InputBuffer {
 public:
  [[nodiscard]] std::string_view view() const noexcept { return {data_.get() + begin_, end_ - begin_}; }
  [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }

  /// Returns the free space, after growing to at most `most` bytes in all. Empty if the buffer holds `most` bytes.
  /// Invalidates views of the buffer.
  [[nodiscard]] boost::asio::mutable_buffer prepare(std::size_t initial, std::size_t most) {
    if (empty()) begin_ = end_ = 0;
    if (end_ == capacity_) {
      if (begin_ > 0) {
        std::memmove(data_.get(), data_.get() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
      } else if (capacity_ < most) {
        resize(std::min(most, std::max(initial, capacity_ * 2)));
      }
    }
    return {data_.get() + end_, capacity_ - end_};
  }
  void commit(std::size_t count) noexcept { end_ += count; }
  void consume(std::size_t count) noexcept { begin_ += count; }

  /// Frees the memory that a long head or a body needed, if the buffer is empty.
  void shrink(std::size_t most) {
    if (!empty() || capacity_ <= most) return;
    data_.reset();
    begin_ = end_ = capacity_ = 0;
  }

 private:
  void resize(std::size_t capacity) {
    auto larger = std::make_unique_for_overwrite<char[]>(capacity);
    if (!empty()) std::memcpy(larger.get(), data_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    data_ = std::move(larger);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace tapedeck::http
