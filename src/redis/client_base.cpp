#include "redis/client_base.hpp"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "runtime/alarm.hpp"

namespace tapedeck::redis {
namespace {

namespace asio = boost::asio;

SteadyTime now() { return std::chrono::steady_clock::now(); }

// The reply to a command that waits in the server.
struct BlockedReply {
  std::optional<Result<Reply>> reply;
};

// A connection in use by a command that waits. It ends at once when the waiting task is cancelled, or ends with its
// loop: left open, it would take out of Redis what nobody would get.
class Borrowed {
 public:
  explicit Borrowed(std::shared_ptr<RedisConnection> connection) : connection_(std::move(connection)) {}
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;
  ~Borrowed() {
    if (connection_) connection_->drop();
  }
  [[nodiscard]] const std::shared_ptr<RedisConnection>& get() const noexcept { return connection_; }
  [[nodiscard]] std::shared_ptr<RedisConnection> release() noexcept { return std::move(connection_); }

 private:
  std::shared_ptr<RedisConnection> connection_;
};

Error unavailable(const Endpoint& endpoint, const ReadError& error) {
  return {Errc::kUnavailable, endpoint_text(endpoint) + ": " + error.sentence};
}

}  // namespace

ClientStatistics ClientCounters::snapshot() const noexcept {
  const auto value = [](const auto& counter) { return counter.load(std::memory_order_relaxed); };
  return {value(round_trips), value(round_trip_nanoseconds), value(connects),
          value(reconnects),  value(connect_failures),       value(timeouts),
          value(redirects),   value(script_loads),           value(in_flight)};
}

Task<> rest(Milliseconds duration) {
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, duration);
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

Task<Result<Reply>> ClientBase::command(std::string key, std::vector<std::string> words) {
  Request request;
  request.key = std::move(key);
  request.words = std::move(words);
  Result<Reply> reply = co_await execute(std::move(request));
  co_return reply;
}

Task<Result<Reply>> ClientBase::evaluate(const Script& script, std::vector<std::string> keys,
                                         std::vector<std::string> arguments) {
  Request request;
  if (!keys.empty()) request.key = keys.front();
  request.script = &script;
  request.keys = std::move(keys);
  request.arguments = std::move(arguments);
  const SteadyTime began = now();
  Result<Reply> reply = co_await execute(std::move(request));
  const std::scoped_lock lock(script_times_mutex_);
  ScriptTime& sum = script_times_.try_emplace(script.name, script.name).first->second;
  ++sum.calls;
  sum.time += now() - began;
  co_return reply;
}

std::vector<ScriptTime> ClientBase::script_times() const {
  std::vector<ScriptTime> times;
  const std::scoped_lock lock(script_times_mutex_);
  times.reserve(script_times_.size());
  for (const auto& [name, sum] : script_times_) times.push_back(sum);
  return times;
}

// Each turn sends the request once. The answer decides whether and where the next turn sends it again: only if it is
// known to have had no effect.
Task<Result<Reply>> ClientBase::execute(Request request) {
  const auto executor = co_await asio::this_coro::executor;
  LoopConnections& loop = pool_.on(executor);
  const SteadyTime deadline = now() + options().command_deadline;
  std::optional<Endpoint> asked;  // by ASK, for one turn
  Error last(Errc::kUnavailable, "Redis sent the command from one node to another without end");
  for (int turn = 0; turn < kSendsMax && now() < deadline; ++turn) {
    Endpoint endpoint;
    if (asked) {
      endpoint = *std::exchange(asked, std::nullopt);
    } else {
      Result<Endpoint> located = co_await locate(loop, request.key);
      if (!located) co_return fail(located.error());
      endpoint = std::move(*located);
    }
    const std::shared_ptr<Line> line = loop.line(endpoint, greeting_);
    Result<std::shared_ptr<RedisConnection>> connection = co_await line->acquire();
    ReadError trouble;
    if (connection) {
      Result<Reply> reply = co_await (*connection)->exchange(request);
      if (!reply) {
        if ((*connection)->state() == RedisConnection::State::kClosed) doubt(endpoint);
        co_return reply;
      }
      if (reply->error() == nullptr) co_return reply;
      trouble = read_error(reply->error()->message);
      if (trouble.trouble == Trouble::kAnswer) co_return reply;
      last = unavailable(endpoint, trouble);
    } else {
      if (connection.error().errc() == Errc::kCancelled) co_return fail(connection.error());
      trouble.trouble = Trouble::kUnreachable;
      last = connection.error();
    }
    request.asking = false;
    if (trouble.trouble == Trouble::kNoScript && !request.by_text) {
      request.by_text = true;
      ClientCounters::add(counters().script_loads);
      continue;
    }
    if (trouble.trouble == Trouble::kMoved || trouble.trouble == Trouble::kAsk) {
      if (trouble.target.host.empty()) trouble.target.host = endpoint.host;
      ClientCounters::add(counters().redirects);
    }
    const Trouble kind = trouble.trouble;
    const Endpoint target = trouble.target;
    const bool again = co_await relocate(loop, request.key, endpoint, std::move(trouble));
    if (!again) co_return fail(last);
    if (kind == Trouble::kAsk) {
      asked = target;
      request.asking = true;
    }
  }
  co_return fail(last);
}

Task<Result<Reply>> ClientBase::ask(LoopConnections& loop, Endpoint endpoint, Greeting greeting,
                                    std::vector<std::string> words) {
  Request request;
  request.words = std::move(words);
  const std::shared_ptr<Line> line = loop.line(endpoint, greeting);
  Result<std::shared_ptr<RedisConnection>> connection = co_await line->acquire();
  if (!connection) co_return fail(connection.error());
  Result<Reply> reply = co_await (*connection)->exchange(request);
  co_return reply;
}

Task<Result<std::vector<NodeReply>>> ClientBase::each_master(std::vector<std::string> words) {
  const auto executor = co_await asio::this_coro::executor;
  LoopConnections& loop = pool_.on(executor);
  Result<std::vector<Endpoint>> endpoints = co_await masters(loop);
  if (!endpoints) co_return fail(endpoints.error());
  std::vector<NodeReply> replies;
  replies.reserve(endpoints->size());
  for (const Endpoint& endpoint : *endpoints) {
    Result<Reply> reply = co_await ask(loop, endpoint, greeting_, words);
    if (!reply) co_return fail(reply.error());
    replies.push_back({endpoint_text(endpoint), std::move(*reply)});
  }
  co_return replies;
}

Task<Result<Reply>> ClientBase::wait(std::string key, std::vector<std::string> words, Milliseconds patience,
                                     std::stop_token stop) {
  const auto executor = co_await asio::this_coro::executor;
  LoopConnections& loop = pool_.on(executor);
  Request request;
  request.key = key;
  request.words = std::move(words);
  Error last(Errc::kUnavailable, "Redis sent the command from one node to another without end");
  for (int turn = 0; turn < kSendsMax; ++turn) {
    if (stop.stop_requested()) co_return Reply();
    Result<Endpoint> located = co_await locate(loop, key);
    if (!located) co_return fail(located.error());
    const Endpoint endpoint = *located;
    Result<Reply> reply = co_await wait_at(loop, endpoint, request, patience, stop);
    if (!reply) {
      if (reply.error().errc() != Errc::kCancelled) doubt(endpoint);
      co_return reply;
    }
    if (reply->error() == nullptr) co_return reply;
    ReadError trouble = read_error(reply->error()->message);
    if (trouble.trouble == Trouble::kAnswer) co_return reply;
    if (trouble.target.host.empty()) trouble.target.host = endpoint.host;
    last = unavailable(endpoint, trouble);
    const bool again = co_await relocate(loop, key, endpoint, std::move(trouble));
    if (!again) break;
  }
  co_return fail(last);
}

// Acquires the shared connection first: its pause after a failure holds for waiting too, and it carries the command
// that ends the wait.
Task<Result<Reply>> ClientBase::wait_at(LoopConnections& loop, Endpoint endpoint, Request request,
                                        Milliseconds patience, std::stop_token stop) {
  const std::shared_ptr<Line> line = loop.line(endpoint, greeting_);
  Result<std::shared_ptr<RedisConnection>> shared = co_await line->acquire();
  if (!shared) {
    // Callers come back at once, and would spin while Redis is away.
    const auto left = std::chrono::ceil<Milliseconds>(line->retry_at() - now());
    Alarm alarm(loop.executor());
    const std::stop_callback ringer(stop, Alarm::Ringer{&alarm});
    if (left > Milliseconds(0)) co_await alarm.wait_for(left);
    co_return fail(shared.error());
  }
  Borrowed connection(loop.take_waiter(endpoint, greeting_));
  Result<void> ready = co_await connection.get()->ready();
  if (!ready) co_return fail(ready.error());
  Result<Reply> reply = co_await block(loop, connection.get(), std::move(request), patience, stop);
  loop.give_back_waiter(connection.release());
  co_return reply;
}

// Ends a stopped wait by CLIENT UNBLOCK, never by closing: what the server has taken out of a list or a set for us
// would be lost with the connection.
Task<Result<Reply>> ClientBase::block(LoopConnections& loop, std::shared_ptr<RedisConnection> connection,
                                      Request request, Milliseconds patience, std::stop_token stop) {
  const auto blocked = std::make_shared<BlockedReply>();
  Alarm alarm(loop.executor());
  Result<void> taken = connection->takes();
  if (!taken) co_return fail(taken.error());
  connection->submit(request, patience, [blocked, alarm](Result<Reply> reply) {
    blocked->reply.emplace(std::move(reply));
    alarm.ring();
  });
  const std::stop_callback ringer(stop, Alarm::Ringer{&alarm});
  const std::vector<std::string> unblock{"CLIENT", "UNBLOCK", std::to_string(connection->peer().client_id)};
  while (!blocked->reply) {
    if (!stop.stop_requested()) {
      co_await alarm.wait();
      continue;
    }
    // The reply to the command itself shows whether this helped.
    Result<Reply> unblocked = co_await ask(loop, connection->endpoint(), greeting_, unblock);
    if (!unblocked && unblocked.error().errc() == Errc::kCancelled) co_return fail(unblocked.error());
    if (!blocked->reply) co_await alarm.wait_for(kUnblockEvery);
  }
  co_return std::move(*blocked->reply);
}

}  // namespace tapedeck::redis
