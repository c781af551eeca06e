#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "redis/reply.hpp"

struct redisReader;

namespace tapedeck::redis {

/// Most bytes of one reply. What we ask for is far smaller; more means a foreign value in our keys.
inline constexpr std::size_t kReplyBytesMax = 16 * 1024 * 1024;
/// Most elements of one array, since room for them is made before they come.
inline constexpr int kReplyElementsMax = 256 * 1024;

/// Takes a connection's bytes apart into replies, by hiredis's reader. One connection each.
class ReplyReader {
 public:
  ReplyReader();

  /// Error kCorrupt: out of memory. The bytes are copied.
  [[nodiscard]] Result<void> feed(std::string_view bytes);
  /// The next complete reply, or nothing yet. To be called until there is nothing. Errors: kCorrupt: this is no RESP2;
  /// kTooLarge: a reply beyond the limits. After an error the stream is lost.
  [[nodiscard]] Result<std::optional<Reply>> next();

 private:
  struct Free {
    void operator()(redisReader* reader) const noexcept;
  };
  std::unique_ptr<redisReader, Free> reader_;
  std::size_t bytes_since_reply_ = 0;
};

}  // namespace tapedeck::redis
