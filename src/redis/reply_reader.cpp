#include "redis/reply_reader.hpp"

#include <hiredis/read.h>

#include <new>
#include <string>
#include <utility>

namespace tapedeck::redis {
namespace {

// hiredis builds its replies through these functions, so it builds ours directly: `new` makes the root, and an element
// is its place in the array above it. C calls them, so no exception may leave them. Null means that there was no
// memory, and the reader gives the stream up.
Reply* place_of(const redisReadTask* task) {
  if (task->parent == nullptr) return new Reply();
  auto* array = std::get_if<Reply::Array>(&static_cast<Reply*>(task->parent->obj)->value);
  return &(*array)[static_cast<std::size_t>(task->idx)];
}

template <class Fill>
void* filled(const redisReadTask* task, Fill fill) noexcept {
  Reply* place = nullptr;
  try {
    place = place_of(task);
    fill(place->value);
    return place;
  } catch (const std::bad_alloc&) {
    if (task->parent == nullptr) delete place;
    return nullptr;
  }
}

void* create_string(const redisReadTask* task, char* text, std::size_t length) noexcept {
  return filled(task, [&](auto& value) {
    std::string bytes(text, length);
    if (task->type == REDIS_REPLY_ERROR) {
      value = ReplyError{std::move(bytes)};
    } else {
      value = std::move(bytes);
    }
  });
}

void* create_array(const redisReadTask* task, int elements) noexcept {
  if (elements > kReplyElementsMax) return nullptr;
  return filled(task, [&](auto& value) { value = Reply::Array(static_cast<std::size_t>(elements)); });
}

void* create_integer(const redisReadTask* task, long long number) noexcept {
  return filled(task, [&](auto& value) { value = std::int64_t{number}; });
}

void* create_nil(const redisReadTask* task) noexcept {
  return filled(task, [](auto&) {});
}

void free_object(void* root) noexcept { delete static_cast<Reply*>(root); }

// hiredis takes them by a pointer to non-const, and changes nothing.
redisReplyObjectFunctions functions{create_string, create_array, create_integer, create_nil, free_object};

}  // namespace

void ReplyReader::Free::operator()(redisReader* reader) const noexcept { redisReaderFree(reader); }

ReplyReader::ReplyReader() : reader_(redisReaderCreateWithFunctions(&functions)) {
  if (!reader_) throw std::bad_alloc();
}

Result<void> ReplyReader::feed(std::string_view bytes) {
  bytes_since_reply_ += bytes.size();
  if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK) {
    return fail(Errc::kCorrupt, "a reply of Redis cannot be kept: out of memory");
  }
  return {};
}

Result<std::optional<Reply>> ReplyReader::next() {
  void* root = nullptr;
  if (redisReaderGetReply(reader_.get(), &root) != REDIS_OK) {
    if (reader_->err == REDIS_ERR_OOM) return fail(Errc::kTooLarge, "a reply of Redis has too many elements");
    return fail(Errc::kCorrupt, "the other side does not speak Redis's protocol");
  }
  if (root == nullptr) {
    if (bytes_since_reply_ > kReplyBytesMax) return fail(Errc::kTooLarge, "a reply of Redis is larger than 16 MiB");
    return std::optional<Reply>();
  }
  bytes_since_reply_ = 0;
  const std::unique_ptr<Reply> owned(static_cast<Reply*>(root));
  return std::optional<Reply>(std::move(*owned));
}

}  // namespace tapedeck::redis
