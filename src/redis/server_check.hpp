#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "redis/client.hpp"

namespace tapedeck::redis {

/// Oldest Redis with the commands that the scripts use (ZADD LT; SMISMEMBER).
inline constexpr int kOldestMajor = 6;
inline constexpr int kOldestMinor = 2;

/// Something about a server that should be otherwise, in a sentence that says what to do.
struct Finding {
  enum class Level {
    kError,    ///< Tapedeck cannot keep its promises with it
    kWarning,  ///< it can, but some fault costs more than it needs to
  };
  Level level = Level::kWarning;
  std::string node;  ///< "redis.example.com:6379"
  std::string sentence;

  friend bool operator==(const Finding&, const Finding&) = default;
};

/// Judges the answer to INFO, and the value of appendfsync where the server tells it (empty: it does not).
[[nodiscard]] std::vector<Finding> judge_server(const std::string& node, const std::string& info,
                                                std::string_view append_fsync);

/// The first that is an error; null: there is none.
[[nodiscard]] const Finding* first_error(const std::vector<Finding>& findings);

/// Asks every master, and judges each. Errors kUnavailable: one of them cannot be asked.
[[nodiscard]] Task<Result<std::vector<Finding>>> check_servers(Client& client);

}  // namespace tapedeck::redis
