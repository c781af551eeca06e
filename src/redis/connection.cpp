#include "redis/connection.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace tapedeck::redis {
namespace {

namespace asio = boost::asio;

SteadyTime now() { return std::chrono::steady_clock::now(); }

// Counts a task for as long as it waits, however the wait ends.
class Waiting {
 public:
  explicit Waiting(std::size_t& count) : count_(count) { ++count_; }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() { --count_; }

 private:
  std::size_t& count_;
};

}  // namespace

// Runs when the waiting task is cancelled. The place in the pipeline stays.
struct RedisConnection::Abandon {
  std::weak_ptr<RedisConnection> connection;
  std::uint64_t number;

  void operator()(asio::cancellation_type) const {
    if (const auto alive = connection.lock()) alive->give_up(number);
  }
};

// Function objects rather than lambdas, because GCC 12 miscompiles capturing lambdas within an awaiting expression.
struct RedisConnection::Initiation {
  RedisConnection* connection;
  const Request* request;
  Milliseconds patience;

  template <class Handler>
  void operator()(Handler&& handler) const {
    auto slot = asio::get_associated_cancellation_slot(handler);
    const std::uint64_t number =
        connection->submit(*request, patience, [handler = std::forward<Handler>(handler)](Result<Reply> reply) mutable {
          std::move(handler)(std::move(reply));
        });
    if (slot.is_connected()) slot.assign(Abandon{connection->weak_from_this(), number});
  }
};

std::shared_ptr<RedisConnection> RedisConnection::open(asio::any_io_executor executor,
                                                       std::shared_ptr<ClientShared> shared, Endpoint endpoint,
                                                       Greeting greeting, SteadyTime patience_until) {
  auto connection = std::make_shared<RedisConnection>(executor, std::move(shared), std::move(endpoint),
                                                      std::move(greeting), patience_until);
  connection->start();
  return connection;
}

RedisConnection::RedisConnection(asio::any_io_executor executor, std::shared_ptr<ClientShared> shared,
                                 Endpoint endpoint, Greeting greeting, SteadyTime patience_until)
    : executor_(executor),
      shared_(std::move(shared)),
      endpoint_(std::move(endpoint)),
      greeting_(std::move(greeting)),
      stream_(executor, shared_->tls),
      timer_(executor),
      settled_(executor, asio::steady_timer::time_point::max()),
      connect_deadline_(now() + shared_->options.connect_deadline),
      patience_until_(patience_until) {
  greeting_.client_name = shared_->options.client_name;
  greeting_.key_pattern = shared_->options.key_pattern;
}

RedisConnection::~RedisConnection() { shared_->counters.in_flight -= static_cast<std::int64_t>(counted_); }

void RedisConnection::start() {
  watch();
  stream_.connect(endpoint_, [self = shared_from_this()](Result<void> connected) {
    if (self->state_ == State::kClosed) return;
    if (!connected) return self->close(connected.error());
    self->greet();
  });
}

void RedisConnection::greet() {
  const std::vector<GreetingStep> steps = greeting_steps(greeting_);
  for (const GreetingStep& step : steps) {
    Request request;
    request.words = step.words;
    encode(request, {}, outgoing_);
    const bool last = &step == &steps.back();
    expect_reply([this, kind = step.kind, last](Result<Reply> reply) { take_greeting(kind, std::move(reply), last); },
                 connect_deadline_);
  }
}

void RedisConnection::take_greeting(GreetingStep::Kind step, Result<Reply> reply, bool last) {
  if (state_ != State::kConnecting || !reply) return;
  auto taken = take_greeting_reply(greeting_, step, *reply, peer_);
  if (!taken) return close({Errc::kUnavailable, endpoint_text(endpoint_) + ": " + taken.error().detail});
  if (last) become_ready();
}

void RedisConnection::become_ready() {
  state_ = State::kReady;
  ClientCounters::add(shared_->counters.connects);
  settled_.cancel();
}

Task<Result<void>> RedisConnection::ready() {
  const auto self = shared_from_this();
  if (state_ == State::kConnecting && now() < patience_until_) {
    if (settling_ >= kPendingMax) co_return fail(Errc::kUnavailable, "Too many commands wait for Redis");
    const Waiting waiting(settling_);
    co_await settled_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  if (state_ == State::kConnecting && now() >= patience_until_) {
    co_return fail(Errc::kUnavailable, "Redis at " + endpoint_text(endpoint_) + " cannot be reached");
  }
  if (state_ == State::kConnecting) co_return fail(Errc::kCancelled, "The wait for Redis was cancelled");
  if (state_ == State::kClosed) co_return fail(error_);
  co_return Result<void>();
}

Result<void> RedisConnection::takes() const {
  if (state_ == State::kClosed) return fail(error_);
  if (state_ == State::kConnecting) return fail(Errc::kUnavailable, "Redis is not connected yet");
  if (pipeline_.size() >= kPendingMax || outgoing_.size() >= kOutgoingBytesMax) {
    return fail(Errc::kUnavailable, "Too many commands wait for Redis");
  }
  return {};
}

Task<Result<Reply>> RedisConnection::exchange(const Request& request, Milliseconds patience) {
  const auto self = shared_from_this();
  auto taken = takes();
  if (!taken) co_return fail(taken.error());
  const Initiation initiation{this, &request, patience};
  Result<Reply> reply = co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Result<Reply>)>(
      initiation, asio::use_awaitable);
  co_return reply;
}

std::uint64_t RedisConnection::submit(const Request& request, Milliseconds patience, RespPipeline::Handler handler) {
  const SteadyTime deadline = now() + patience + shared_->options.command_deadline;
  encode(request, peer_.run_id, outgoing_);
  if (request.asking) expect_reply(nullptr, deadline);  // ASKING has a reply of its own
  return expect_reply(std::move(handler), deadline);
}

std::uint64_t RedisConnection::expect_reply(RespPipeline::Handler handler, SteadyTime deadline) {
  const std::uint64_t number = pipeline_.push(std::move(handler), now(), deadline);
  count();
  watch();
  schedule_flush();
  if (!is_reading_) read();
  return number;
}

void RedisConnection::give_up(std::uint64_t number) {
  RespPipeline::Handler handler = pipeline_.abandon(number);
  if (!handler) return;
  // Posted, because the canceller does not expect the task to run at once.
  asio::post(executor_, [handler = std::move(handler)]() mutable {
    handler(fail(Errc::kCancelled, "The wait for Redis was cancelled"));
  });
}

void RedisConnection::close(Error error) {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  error_ = std::move(error);
  stream_.close();
  timer_.cancel();
  settled_.cancel();
  const auto self = shared_from_this();  // a handler may drop the owner
  // Before the handlers, which must find nothing in flight.
  shared_->counters.in_flight -= static_cast<std::int64_t>(std::exchange(counted_, 0));
  pipeline_.fail(error_);
}

void RedisConnection::drop() {
  const auto self = shared_from_this();
  state_ = State::kClosed;
  stream_.close();
  timer_.cancel();
  const RespPipeline forgotten = std::exchange(pipeline_, RespPipeline());
}

bool RedisConnection::lost() {
  if (state_ == State::kReady && idle() && stream_.closed_by_peer()) {
    close({Errc::kUnavailable, "Redis at " + endpoint_text(endpoint_) + " closed the connection"});
  }
  return state_ == State::kClosed;
}

// Sets the timer to what is due next, unless it is set to an earlier time.
void RedisConnection::watch() {
  if (is_watching_ || state_ == State::kClosed) return;
  SteadyTime due = connect_deadline_;
  if (state_ == State::kConnecting && now() < patience_until_) due = std::min(due, patience_until_);
  if (state_ == State::kReady) {
    if (pipeline_.empty()) return;
    due = pipeline_.patience_from() + shared_->options.silence_max;
    if (const auto deadline = pipeline_.next_deadline()) due = std::min(due, *deadline);
  }
  is_watching_ = true;
  timer_.expires_at(due);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (error) return;
    self->is_watching_ = false;
    self->check_deadlines();
  });
}

void RedisConnection::check_deadlines() {
  const SteadyTime time = now();
  const std::string place = endpoint_text(endpoint_);
  if (state_ == State::kConnecting && time >= connect_deadline_) {
    return close({Errc::kUnavailable, fmt::format("Redis at {} cannot be reached: no answer within {} ms", place,
                                                  shared_->options.connect_deadline.count())});
  }
  if (state_ == State::kConnecting && time >= patience_until_) settled_.cancel();
  if (state_ == State::kReady) {
    const std::size_t given_up =
        pipeline_.expire(time, {Errc::kUnavailable, "Redis at " + place + " did not answer in time"});
    ClientCounters::add(shared_->counters.timeouts, given_up);
    if (!pipeline_.empty() && time >= pipeline_.patience_from() + shared_->options.silence_max) {
      return close({Errc::kUnavailable, "Redis at " + place + " has stopped answering"});
    }
  }
  watch();
}

// Posted, so that all commands of this turn of the loop leave in one write.
void RedisConnection::schedule_flush() {
  if (flush_scheduled_ || is_writing_) return;
  flush_scheduled_ = true;
  asio::post(executor_, [self = shared_from_this()] {
    self->flush_scheduled_ = false;
    self->flush();
  });
}

void RedisConnection::flush() {
  if (state_ == State::kClosed || is_writing_ || outgoing_.empty()) return;
  writing_.clear();
  writing_.swap(outgoing_);
  is_writing_ = true;
  stream_.write(asio::buffer(writing_), [self = shared_from_this()](boost::system::error_code error, std::size_t) {
    self->is_writing_ = false;
    if (self->state_ == State::kClosed) return;
    if (error) {
      return self->close({Errc::kUnavailable, fmt::format("The connection to Redis at {} broke: {}",
                                                          endpoint_text(self->endpoint_), error.message())});
    }
    self->flush();
  });
}

void RedisConnection::read() {
  is_reading_ = true;
  stream_.read_some(asio::buffer(incoming_),
                    [self = shared_from_this()](boost::system::error_code error, std::size_t count) {
                      self->is_reading_ = false;
                      if (self->state_ == State::kClosed) return;
                      if (!error) return self->received(count);
                      self->close({Errc::kUnavailable, fmt::format("The connection to Redis at {} broke: {}",
                                                                   endpoint_text(self->endpoint_), error.message())});
                    });
}

void RedisConnection::received(std::size_t bytes) {
  // Set, so that a handler that sends a command does not begin a second read into the same buffer.
  is_reading_ = true;
  auto fed = pipeline_.feed(std::string_view(incoming_.data(), bytes), now());
  is_reading_ = false;
  count();
  if (state_ == State::kClosed) return;
  if (!fed) {
    return close({Errc::kUnavailable, fmt::format("Redis at {}: {}", endpoint_text(endpoint_), fed.error().detail)});
  }
  if (!pipeline_.empty()) return read();
  timer_.cancel();
  is_watching_ = false;
}

void RedisConnection::count() {
  ClientCounters& counters = shared_->counters;
  const RespPipeline::Tally tally = pipeline_.take_tally();
  if (tally.replies > 0) {
    ClientCounters::add(counters.round_trips, tally.replies);
    ClientCounters::add(counters.round_trip_nanoseconds, static_cast<std::uint64_t>(tally.time.count()));
  }
  counters.in_flight += static_cast<std::int64_t>(pipeline_.size()) - static_cast<std::int64_t>(counted_);
  counted_ = pipeline_.size();
}

}  // namespace tapedeck::redis
