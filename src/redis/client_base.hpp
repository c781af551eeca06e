#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "redis/client.hpp"
#include "redis/client_errors.hpp"
#include "redis/pool.hpp"

namespace tapedeck::redis {

/// Most sends of one command, with redirections and scripts as text.
inline constexpr int kSendsMax = 16;
/// Pause before another attempt of a command that Redis will take soon.
inline constexpr Milliseconds kTryAgainAfter{25};
/// Pause between two attempts to end a command that waits in the server: it may not have arrived there yet.
inline constexpr Milliseconds kUnblockEvery{20};

/// The common part of the three topologies: sending, following, waiting. They differ in which server they ask.
class ClientBase : public Client {
 public:
  [[nodiscard]] Task<Result<Reply>> command(std::string key, std::vector<std::string> words) override;
  [[nodiscard]] Task<Result<Reply>> evaluate(const Script& script, std::vector<std::string> keys,
                                             std::vector<std::string> arguments) override;
  [[nodiscard]] Task<Result<Reply>> wait(std::string key, std::vector<std::string> words, Milliseconds patience,
                                         std::stop_token stop) override;
  [[nodiscard]] Task<Result<std::vector<NodeReply>>> each_master(std::vector<std::string> words) override;
  [[nodiscard]] ClientStatistics statistics() const override { return pool_.shared().counters.snapshot(); }
  [[nodiscard]] std::vector<ScriptTime> script_times() const override;

 protected:
  ClientBase(std::shared_ptr<ClientShared> shared, Greeting greeting, Random& random)
      : greeting_(std::move(greeting)), pool_(std::move(shared), random) {}

  /// The server of this key now. Error kUnavailable: none is known.
  [[nodiscard]] virtual Task<Result<Endpoint>> locate(LoopConnections& loop, std::string key) = 0;
  /// Every master that is known.
  [[nodiscard]] virtual Task<Result<std::vector<Endpoint>>> masters(LoopConnections& loop) = 0;
  /// `endpoint` could not serve `key`, and the command had no effect. Waits as long as is sensible. True: another
  /// attempt may succeed, at what locate() names then.
  [[nodiscard]] virtual Task<bool> relocate(LoopConnections& loop, std::string key, Endpoint endpoint,
                                            ReadError error) = 0;
  /// The connection to `endpoint` broke, or it did not answer: another server may have taken over.
  virtual void doubt(const Endpoint& endpoint) = 0;

  [[nodiscard]] const Greeting& greeting() const noexcept { return greeting_; }
  [[nodiscard]] const ClientOptions& options() const noexcept { return pool_.shared().options; }
  [[nodiscard]] ClientCounters& counters() noexcept { return pool_.shared().counters; }
  /// One command to one endpoint, without following redirections.
  [[nodiscard]] Task<Result<Reply>> ask(LoopConnections& loop, Endpoint endpoint, Greeting greeting,
                                        std::vector<std::string> words);

 private:
  [[nodiscard]] Task<Result<Reply>> execute(Request request);
  [[nodiscard]] Task<Result<Reply>> wait_at(LoopConnections& loop, Endpoint endpoint, Request request,
                                            Milliseconds patience, std::stop_token stop);
  [[nodiscard]] Task<Result<Reply>> block(LoopConnections& loop, std::shared_ptr<RedisConnection> connection,
                                          Request request, Milliseconds patience, std::stop_token stop);

  Greeting greeting_;
  Pool pool_;
  mutable std::mutex script_times_mutex_;
  std::map<std::string_view, ScriptTime> script_times_;
};

/// Returns after `duration`, on the loop of the caller.
[[nodiscard]] Task<> rest(Milliseconds duration);

}  // namespace tapedeck::redis
