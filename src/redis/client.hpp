#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "redis/client_options.hpp"
#include "redis/reply.hpp"
#include "runtime/task.hpp"

namespace tapedeck::redis {

/// A Lua script: its text, and the SHA-1 of the text in lower-case hexadecimal, by which Redis knows it.
struct Script {
  std::string_view name;
  std::string_view text;
  std::string sha1;
};

/// What one master answered.
struct NodeReply {
  std::string node;  ///< "redis.example.com:6379"
  Reply reply;
};

/// One Redis, or Sentinel's current master, or a Cluster, behind one face. Thread-safe: each event loop that calls it
/// has pipelined connections of its own. A task fails with kUnavailable when no answer came in time or the connection
/// broke: then the command's effect is unknown. An error that Redis itself answered is a Reply with error() set, except
/// those that the client deals with: NOSCRIPT, MOVED, ASK and TRYAGAIN, which it follows; and CLUSTERDOWN, LOADING,
/// READONLY, MASTERDOWN, BUSY, OOM, MISCONF and NOREPLICAS, which become kUnavailable with a sentence where trying
/// again did not help. A detail never holds a password.
///
/// A task ends before the client and before its event loop do. While nothing is asked, the client has nothing under way
/// on a loop, and so keeps none from ending.
class Client {
 public:
  virtual ~Client() = default;

  /// `key` chooses the node in a Cluster; empty: any master.
  [[nodiscard]] virtual Task<Result<Reply>> command(std::string key, std::vector<std::string> words) = 0;
  /// EVALSHA, and EVAL where Redis does not know the script. ARGV[1] is the run_id of the server that runs it, put
  /// there by the client, so that the script can tell whether its keys were made under another one; `arguments` follow.
  [[nodiscard]] virtual Task<Result<Reply>> evaluate(const Script& script, std::vector<std::string> keys,
                                                     std::vector<std::string> arguments) = 0;
  /// A command that waits in the server (BZPOPMIN), on a connection that serves nothing else; `patience` is how long
  /// the command itself waits. Null when nothing came or `stop` was requested; what the server gave after that is
  /// answered all the same, never dropped. A server that has fallen silent holds a stopped wait for `patience` and
  /// three seconds at most. To cancel the task instead of stopping it may lose what came at that moment. While there is
  /// no connection it fails after the rest that is due, so that a caller that comes again at once does not spin.
  [[nodiscard]] virtual Task<Result<Reply>> wait(std::string key, std::vector<std::string> words, Milliseconds patience,
                                                 std::stop_token stop) = 0;
  /// The same command to every master, one after the other; the first failure ends it.
  [[nodiscard]] virtual Task<Result<std::vector<NodeReply>>> each_master(std::vector<std::string> words) = 0;
  /// Thread-safe.
  [[nodiscard]] virtual ClientStatistics statistics() const = 0;
  /// Of each script that was run. Thread-safe.
  [[nodiscard]] virtual std::vector<ScriptTime> script_times() const = 0;
};

}  // namespace tapedeck::redis
