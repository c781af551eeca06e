#include "redis/pool.hpp"

#include <algorithm>
#include <atomic>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/post.hpp>

namespace tapedeck::redis {
namespace {

namespace asio = boost::asio;

SteadyTime now() { return std::chrono::steady_clock::now(); }

// Doubles up to a cap, then drops up to half of it at random.
Milliseconds backoff(int failures, double uniform) {
  Milliseconds full = kBackoffFirst;
  for (int i = 1; i < failures && full < kBackoffMax; ++i) full *= 2;
  full = std::min(full, kBackoffMax);
  return full - Milliseconds(static_cast<Milliseconds::rep>(static_cast<double>(full.count()) / 2 * uniform));
}

std::uint64_t next_pool_id() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

}  // namespace

Line::Line(asio::any_io_executor executor, std::shared_ptr<ClientShared> shared, Endpoint endpoint, Greeting greeting,
           Random& random)
    : executor_(executor),
      shared_(std::move(shared)),
      endpoint_(std::move(endpoint)),
      greeting_(std::move(greeting)),
      random_(random) {}

Task<Result<std::shared_ptr<RedisConnection>>> Line::acquire() {
  if (connection_ && connection_->lost()) {
    if (was_ready_) {
      was_broken_ = true;
      connection_.reset();
    } else {
      note_failure(connection_);  // it failed while no task waited for it
    }
  }
  if (!connection_) {
    if (now() < retry_at_) co_return fail(last_error_);
    was_ready_ = false;
    const SteadyTime patience_until = failures_ == 0 ? SteadyTime::max() : now() + kDoubtfulPatience;
    connection_ = RedisConnection::open(executor_, shared_, endpoint_, greeting_, patience_until);
  }
  const std::shared_ptr<RedisConnection> connection = connection_;
  if (connection->state() != RedisConnection::State::kReady) {
    auto ready = co_await connection->ready();
    if (!ready) {
      if (connection->state() == RedisConnection::State::kClosed) note_failure(connection);
      const bool is_known = failures_ > 0 && ready.error().errc() == Errc::kUnavailable;
      co_return fail(is_known ? last_error_ : ready.error());
    }
  }
  if (connection == connection_ && !was_ready_) {
    was_ready_ = true;
    failures_ = 0;
    if (was_broken_) ClientCounters::add(shared_->counters.reconnects);
  }
  co_return connection;
}

// The first of the tasks that waited for this connection counts the failure.
void Line::note_failure(std::shared_ptr<RedisConnection> connection) {
  if (connection != connection_) return;
  connection_.reset();
  ClientCounters::add(shared_->counters.connect_failures);
  ++failures_;
  last_error_ = connection->error();
  const Milliseconds rest = backoff(failures_, random_.uniform());
  last_error_.retry_after = rest;
  retry_at_ = now() + rest;
}

void Line::drop() {
  if (connection_) connection_->drop();
  connection_.reset();
}

LoopConnections::LoopConnections(asio::any_io_executor executor, std::shared_ptr<ClientShared> shared, Random& random)
    : executor_(executor), shared_(std::move(shared)), random_(random) {}

LoopConnections::~LoopConnections() {
  for (const auto& [key, line] : lines_) line->drop();
}

std::shared_ptr<Line> LoopConnections::line(const Endpoint& endpoint, const Greeting& greeting) {
  auto& line = lines_[Key(greeting.kind, endpoint)];
  if (!line) line = std::make_shared<Line>(executor_, shared_, endpoint, greeting, random_);
  return line;
}

std::shared_ptr<RedisConnection> LoopConnections::take_waiter(const Endpoint& endpoint, const Greeting& greeting) {
  auto& idle = waiters_[endpoint];
  while (!idle.empty()) {
    std::shared_ptr<RedisConnection> connection = std::move(idle.back());
    idle.pop_back();
    if (!connection->lost()) return connection;
  }
  return RedisConnection::open(executor_, shared_, endpoint, greeting);
}

void LoopConnections::give_back_waiter(std::shared_ptr<RedisConnection> connection) {
  auto& idle = waiters_[connection->endpoint()];
  const bool usable = connection->state() == RedisConnection::State::kReady && connection->idle();
  if (usable && idle.size() < kIdleWaitersMax) {
    idle.push_back(std::move(connection));
  } else {
    connection->close({Errc::kUnavailable, "The connection to Redis was given up"});
  }
}

void LoopConnections::keep_only(const std::vector<Endpoint>& endpoints) {
  const auto gone = [&endpoints](const Endpoint& endpoint) {
    return std::ranges::find(endpoints, endpoint) == endpoints.end();
  };
  std::erase_if(waiters_, [&gone](const auto& entry) { return gone(entry.first); });
  std::erase_if(lines_, [&gone](const auto& entry) {
    const bool drop = entry.first.first != PeerKind::kSentinel && gone(entry.first.second) && entry.second->idle();
    if (drop) entry.second->drop();
    return drop;
  });
}

// The loops on which the client has connections. The mutex is held while one of them is asked to do something, so that
// a loop cannot go meanwhile.
struct Pool::Loops {
  std::mutex mutex;
  std::unordered_map<asio::execution_context*, asio::any_io_executor> executors;
};

// Lives in a loop, and ends with it, so that connections end before the loop's services that they use.
class Pool::LoopService final : public asio::execution_context::service {
 public:
  using key_type = LoopService;
  static inline asio::execution_context::id id;

  explicit LoopService(asio::execution_context& context) : service(context) {}

  struct Entry {
    std::shared_ptr<Loops> loops;
    std::unique_ptr<LoopConnections> connections;
  };
  std::unordered_map<std::uint64_t, Entry> entries;

 private:
  void shutdown() noexcept override {
    auto ending = std::exchange(entries, {});
    for (auto& [number, entry] : ending) {
      const std::scoped_lock lock(entry.loops->mutex);
      entry.loops->executors.erase(&context());
    }
  }
};

Pool::Pool(std::shared_ptr<ClientShared> shared, Random& random)
    : id_(next_pool_id()), shared_(std::move(shared)), random_(random), loops_(std::make_shared<Loops>()) {}

Pool::~Pool() {
  const std::scoped_lock lock(loops_->mutex);
  for (const auto& [context, executor] : loops_->executors) {
    asio::post(executor, [of = context, id = id_] { asio::use_service<LoopService>(*of).entries.erase(id); });
  }
}

LoopConnections& Pool::on(const asio::any_io_executor& executor) {
  auto& context = executor.context();
  auto& entry = asio::use_service<LoopService>(context).entries[id_];
  if (!entry.connections) {
    entry.loops = loops_;
    entry.connections = std::make_unique<LoopConnections>(executor, shared_, random_);
    const std::scoped_lock lock(loops_->mutex);
    loops_->executors.emplace(&context, executor);
  }
  return *entry.connections;
}

}  // namespace tapedeck::redis
