#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "redis/client.hpp"

namespace tapedeck::redis {

/// One command, or one call of a script.
struct Request {
  std::string key;                 ///< chooses the node in a Cluster
  std::vector<std::string> words;  ///< the command; unused for a script
  const Script* script = nullptr;
  std::vector<std::string> keys;
  std::vector<std::string> arguments;
  bool by_text = false;  ///< the script's text instead of its SHA-1
  bool asking = false;   ///< ASKING precedes it, because a Cluster answered ASK
};

/// Appends the request in RESP. `run_id`: of the server that runs it.
void encode(const Request& request, std::string_view run_id, std::string& out);

}  // namespace tapedeck::redis
