#pragma once

#include <cstdint>
#include <string>

#include "redis/endpoint.hpp"

namespace tapedeck::redis {

/// The meaning of an error that Redis answered. All but kAnswer mean that the command had no effect.
enum class Trouble {
  kAnswer,       ///< the caller's: a wrong type, an error of a script
  kNoScript,     ///< the script is unknown: send its text
  kMoved,        ///< another node has the key's hash slot
  kAsk,          ///< another node has this key already: ask there this once
  kTryAgain,     ///< the keys are on their way between two nodes
  kClusterDown,  ///< the Cluster has no master for the slot
  kNotMaster,    ///< a replica, or a master that has become one
  kAway,         ///< not now: loading, busy, too few replicas, no memory, no disk
  kUnreachable,  ///< not an answer of Redis: there is no connection
};

struct ReadError {
  Trouble trouble = Trouble::kAnswer;
  int slot = 0;          ///< of kMoved and kAsk
  Endpoint target;       ///< of kMoved and kAsk; without a host: the one that answered
  std::string sentence;  ///< for people: what to do about it
};

/// Reads an error's message, also that of an error within a script of Redis 6.2.
[[nodiscard]] ReadError read_error(const std::string& message);

}  // namespace tapedeck::redis
