#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "redis/client_options.hpp"
#include "redis/reply.hpp"
#include "redis/script.hpp"
#include "runtime/task.hpp"

namespace tapedeck::redis {

/// What one master answered.
struct NodeReply {
  std::string node;  ///< "redis.example.com:6379"
  Reply reply;
};

/// One Redis, or Sentinel's current master, or a Cluster, behind one interface. Thread-safe: each event loop that calls
/// it has pipelined connections of its own. A task fails with kUnavailable when no answer came in time or the
/// connection broke: then the command's effect is unknown. An error of Redis itself is a Reply with error() set, except
/// those that the client handles: it follows NOSCRIPT, MOVED, ASK and TRYAGAIN; and CLUSTERDOWN, LOADING, READONLY,
/// MASTERDOWN, BUSY, OOM, MISCONF and NOREPLICAS become kUnavailable with what to do about them, where another attempt
/// did not help. A detail never holds a password.
///
/// Every task must end before the client and before its event loop. While no task runs, the client has nothing pending
/// on a loop, and so keeps none from ending.
class Client {
 public:
  virtual ~Client() = default;

  /// `key` chooses the node in a Cluster; empty: any master.
  [[nodiscard]] virtual Task<Result<Reply>> command(std::string key, std::vector<std::string> words) = 0;
  /// EVALSHA, and EVAL where Redis does not know the script. The client puts the run_id of the server that runs it into
  /// ARGV[1], so that the script can tell whether its keys were made under another one; `arguments` follow.
  [[nodiscard]] virtual Task<Result<Reply>> evaluate(const Script& script, std::vector<std::string> keys,
                                                     std::vector<std::string> arguments) = 0;
  /// A command that waits in the server (BZPOPMIN), on a connection that serves nothing else. `patience` is how long
  /// the command itself waits. Null: nothing came, or `stop` was requested. What the server gave after a stop is the
  /// answer all the same, never dropped. A silent server holds a stopped wait for `patience` and three seconds at most.
  /// Cancelling the task instead of stopping it may lose what came at that moment. Without a connection the task fails
  /// after the pause that is due, so that a caller that comes again at once does not spin.
  [[nodiscard]] virtual Task<Result<Reply>> wait(std::string key, std::vector<std::string> words, Milliseconds patience,
                                                 std::stop_token stop) = 0;
  /// The same command to every master, one after the other; the first failure ends it.
  [[nodiscard]] virtual Task<Result<std::vector<NodeReply>>> each_master(std::vector<std::string> words) = 0;
  /// Thread-safe.
  [[nodiscard]] virtual ClientStatistics statistics() const = 0;
  /// One for each script that has run. Thread-safe.
  [[nodiscard]] virtual std::vector<ScriptTime> script_times() const = 0;
};

}  // namespace tapedeck::redis
