#include "http/server/event_loop.hpp"

#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

namespace tapedeck::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// One thread runs the context.
constexpr int kConcurrencyHint = 1;
// Interval between checks of the deadlines: a quarter of the shortest, within these bounds.
constexpr std::chrono::milliseconds kSweepMin{5};
constexpr std::chrono::milliseconds kSweepMax{250};

constexpr Refusal kTooManyConnections{503, "Too many connections; try again."};

std::chrono::milliseconds sweep_interval(const Limits& limits) {
  const auto shortest = std::min({limits.header_timeout, limits.body_timeout, limits.idle_timeout, limits.stall_timeout,
                                  limits.rate_window, limits.linger_timeout, limits.stop_grace});
  return std::clamp(shortest / 4, kSweepMin, kSweepMax);
}

std::string peer_name(const tcp::socket& socket) {
  boost::system::error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  return error ? std::string() : endpoint.address().to_string();
}

}  // namespace

EventLoop::EventLoop(Handler& handler, const Limits& limits, ConnectionBudget& budget)
    : limits_(limits),
      budget_(budget),
      shared_{handler, limits, {}, {}, false},
      context_(kConcurrencyHint),
      work_(asio::make_work_guard(context_)),
      sweep_timer_(context_),
      listener_(context_.get_executor(), limits, shared_.counters,
                [this](tcp::socket socket) { admit(std::move(socket)); }) {}

void EventLoop::start(std::string name) {
  // An exception of the accepting task is a broken invariant: it ends the process, which would otherwise accept
  // nothing.
  asio::co_spawn(context_, listener_.run(), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
  schedule_sweep();
  thread_ = std::thread([this, name = std::move(name)] {
    ::pthread_setname_np(::pthread_self(), name.c_str());
    context_.run();
    ended_.set_value();
  });
}

void EventLoop::begin_stop() {
  asio::post(context_, [this] { stop_on_loop(); });
}

void EventLoop::join() {
  if (thread_.joinable()) thread_.join();
}

void EventLoop::admit(tcp::socket socket) {
  if (!budget_.take()) return refuse(std::move(socket));
  shared_.counters.connections_accepted.add();
  shared_.counters.connections_open.add();
  std::string peer = peer_name(socket);
  auto owned = std::make_unique<ClientConnection>(shared_, std::move(socket), std::move(peer));
  ClientConnection* const connection = owned.get();
  connections_.emplace(connection, std::move(owned));
  // An exception of the task concerns this client alone: it is a cancelled wait, or a rare error of Beast or Asio.
  // Exceptions of handlers are answered before.
  asio::co_spawn(context_, connection->run(),
                 asio::bind_cancellation_slot(connection->cancellation_slot(),
                                              [this, connection](std::exception_ptr) { forget(connection); }));
}

void EventLoop::refuse(tcp::socket socket) {
  shared_.counters.connections_refused.add();
  shared_.counters.count_status(503);
  const int descriptor = socket.native_handle();
  // Closing with unread bytes would reset the connection, and the client would lose the answer.
  std::array<char, kInputBufferInitial> discarded{};
  (void)::recv(descriptor, discarded.data(), discarded.size(), MSG_DONTWAIT);
  const Response response = refusal_response(kTooManyConnections);
  std::string answer;
  append_head(answer, response, ResponseFraming{.keep_alive = false}, shared_.writer.date);
  answer += std::get<std::string>(response.body);
  (void)::send(descriptor, answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  boost::system::error_code ignored;
  socket.shutdown(tcp::socket::shutdown_both, ignored);
}

void EventLoop::forget(ClientConnection* connection) {
  connections_.erase(connection);
  shared_.counters.connections_open.subtract();
  budget_.give_back();
  if (shared_.draining && connections_.empty()) sweep_timer_.cancel();
}

void EventLoop::schedule_sweep() {
  sweep_timer_.expires_after(sweep_interval(limits_));
  sweep_timer_.async_wait([this](boost::system::error_code error) {
    if (!error) sweep();
  });
}

void EventLoop::sweep() {
  const SteadyTime now = std::chrono::steady_clock::now();
  for (const auto& [connection, owned] : connections_) connection->check(now);
  if (now >= stop_at_) abort_all();
  if (!shared_.draining || !connections_.empty()) schedule_sweep();
}

void EventLoop::stop_on_loop() {
  shared_.draining = true;
  stop_at_ = std::chrono::steady_clock::now() + limits_.stop_grace;
  listener_.close();
  for (const auto& [connection, owned] : connections_) connection->drain();
  if (connections_.empty()) sweep_timer_.cancel();
  work_.reset();
}

void EventLoop::abort_all() {
  // A cancelled task may end at once, and remove its connection from the map.
  std::vector<ClientConnection*> doomed;
  doomed.reserve(connections_.size());
  for (const auto& [connection, owned] : connections_) doomed.push_back(connection);
  for (ClientConnection* const connection : doomed) {
    if (connections_.contains(connection)) connection->abort();
  }
}

}  // namespace tapedeck::http
