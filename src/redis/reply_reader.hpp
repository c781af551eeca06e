#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "redis/reply.hpp"

struct redisReader;

namespace tapedeck::redis {

/// Most bytes of one reply. Replies to our commands are far smaller; more means a foreign value in a key.
inline constexpr std::size_t kReplyBytesMax = 16 * 1024 * 1024;
/// Most elements of one array, because hiredis allocates them before they arrive.
inline constexpr int kReplyElementsMax = 256 * 1024;

/// Parses the bytes of one connection into replies, by hiredis's reader.
class ReplyReader {
 public:
  ReplyReader();

  /// Error kCorrupt: out of memory. The bytes are copied.
  [[nodiscard]] Result<void> feed(std::string_view bytes);
  /// The next complete reply, or nothing yet. The caller repeats it until there is nothing. Errors: kCorrupt: this is
  /// no RESP2; kTooLarge: a reply beyond the limits. After an error the stream is lost.
  [[nodiscard]] Result<std::optional<Reply>> next();

 private:
  struct Free {
    void operator()(redisReader* reader) const noexcept;
  };
  std::unique_ptr<redisReader, Free> reader_;
  std::size_t bytes_since_reply_ = 0;
};

}  // namespace tapedeck::redis
