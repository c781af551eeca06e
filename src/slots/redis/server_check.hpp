#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "redis/client.hpp"

namespace tapedeck::redis {

/// Oldest Redis with the commands that the scripts use (ZADD LT; SMISMEMBER).
inline constexpr int kOldestMajor = 6;
inline constexpr int kOldestMinor = 2;

/// What makes a server unfit for the slot store, with what to do about it.
struct ServerFlaw {
  enum class Level {
    kError,    ///< the slot store cannot keep its promises
    kWarning,  ///< it can, but a crash or a failover costs more than it needs to
  };
  Level level = Level::kWarning;
  std::string node;  ///< "redis.example.com:6379"
  std::string sentence;

  friend bool operator==(const ServerFlaw&, const ServerFlaw&) = default;
};

/// Judges the answer to INFO, and the value of appendfsync (empty: the server does not tell it).
[[nodiscard]] std::vector<ServerFlaw> judge_server(const std::string& node, const std::string& info,
                                                   std::string_view append_fsync);

/// The first error; null: there is none.
[[nodiscard]] const ServerFlaw* first_error(const std::vector<ServerFlaw>& flaws);

/// Asks and judges every master. Error kUnavailable: one of them does not answer.
[[nodiscard]] Task<Result<std::vector<ServerFlaw>>> check_servers(Client& client);

}  // namespace tapedeck::redis
