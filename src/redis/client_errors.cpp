#include "redis/client_errors.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace tapedeck::redis {
namespace {

struct Row {
  std::string_view word;
  Trouble trouble;
  std::string_view sentence;
};

constexpr std::string_view kIsCluster = "Redis is a Cluster: write redis+cluster:// in its URL";

constexpr std::array kRows{
    Row{"NOSCRIPT", Trouble::kNoScript, "Redis does not know the script"},
    Row{"MOVED", Trouble::kMoved, kIsCluster},
    Row{"ASK", Trouble::kAsk, kIsCluster},
    Row{"TRYAGAIN", Trouble::kTryAgain, "Redis Cluster is moving the keys between two nodes"},
    Row{"CLUSTERDOWN", Trouble::kClusterDown, "Redis Cluster is down: no master serves the slot (CLUSTER INFO)"},
    Row{"READONLY", Trouble::kNotMaster, "Redis is a replica: its URL must lead to the master"},
    Row{"MASTERDOWN", Trouble::kNotMaster, "Redis is a replica that has lost its master"},
    Row{"UNBLOCKED", Trouble::kNotMaster, "Redis has stopped being the master"},
    Row{"LOADING", Trouble::kAway, "Redis is loading its data"},
    Row{"BUSY", Trouble::kAway, "Redis is busy with a script that runs too long (SCRIPT KILL)"},
    Row{"OOM", Trouble::kAway, "Redis has reached maxmemory: raise it, and keep maxmemory-policy noeviction"},
    Row{"MISCONF", Trouble::kAway, "Redis cannot write to its disk, and refuses writes: look at its log"},
    Row{"NOREPLICAS", Trouble::kAway, "Redis has fewer replicas than min-replicas-to-write asks for"},
};

// "ERR Error running script (call to f_…): @user_script:7: -READONLY You can't …"
std::string_view innermost(std::string_view message) {
  if (!message.starts_with("ERR Error running script")) return message;
  const std::size_t at = message.find(": -");
  return at == std::string_view::npos ? message : message.substr(at + 3);
}

std::string_view first_word(std::string_view text) { return text.substr(0, text.find(' ')); }

// "MOVED 3999 127.0.0.1:6381"; the host may be empty, and an IPv6 address stands without brackets.
void read_target(std::string_view message, ReadError& error) {
  message.remove_prefix(std::min(message.find(' ') + 1, message.size()));
  const std::string_view slot = first_word(message);
  std::from_chars(slot.data(), slot.data() + slot.size(), error.slot);
  message.remove_prefix(std::min(slot.size() + 1, message.size()));
  const std::string_view place = first_word(message);
  const std::size_t colon = place.rfind(':');
  if (colon == std::string_view::npos) return;
  error.target.host = place.substr(0, colon);
  std::from_chars(place.data() + colon + 1, place.data() + place.size(), error.target.port);
}

}  // namespace

ReadError read_error(const std::string& message) {
  const std::string_view inner = innermost(message);
  const std::string_view word = first_word(inner);
  ReadError error;
  for (const Row& row : kRows) {
    if (row.word != word) continue;
    error.trouble = row.trouble;
    error.sentence = row.sentence;
    break;
  }
  if (error.trouble == Trouble::kMoved || error.trouble == Trouble::kAsk) read_target(inner, error);
  return error;
}

}  // namespace tapedeck::redis
