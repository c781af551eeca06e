#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "redis/reply.hpp"
#include "redis/url.hpp"

namespace tapedeck::redis {

/// What the other end of a connection must be.
enum class PeerKind {
  kServer,       ///< one Redis, whatever its role
  kMaster,       ///< a Redis that says that it is a master
  kClusterNode,  ///< a node of a Cluster
  kSentinel,
};

/// What a connection says first, and asks for.
struct Greeting {
  PeerKind kind = PeerKind::kServer;
  Login login;
  int database = 0;
  std::string client_name = {};   ///< of CLIENT SETNAME; empty: none
  std::string key_pattern = "*";  ///< of the advice on access rules
};

/// What the server says of itself.
struct Peer {
  std::string run_id;          ///< 40 hexadecimal digits, new at each start of the server; a Sentinel's own
  std::int64_t client_id = 0;  ///< of this connection, for CLIENT UNBLOCK
};

/// The first commands of a connection, sent together; RESP2, so no HELLO.
struct GreetingStep {
  enum class Kind { kLogin, kName, kDatabase, kClientId, kServerInfo, kRole };
  Kind kind;
  std::vector<std::string> words;
};
[[nodiscard]] std::vector<GreetingStep> greeting_steps(const Greeting& greeting);

/// Takes a step's reply into `peer`. Error kUnavailable, with what to do about it: the server refused, or is not of the
/// expected kind.
[[nodiscard]] Result<void> take_greeting_reply(const Greeting& greeting, GreetingStep::Kind step, const Reply& reply,
                                               Peer& peer);

/// The value of "name:value" in the answer to INFO; empty where there is none.
[[nodiscard]] std::string info_field(const std::string& info, const std::string& name);

}  // namespace tapedeck::redis
