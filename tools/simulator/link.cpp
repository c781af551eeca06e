#include "link.hpp"

#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace tapedeck::simulator {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t kReadStep = 4096;

}  // namespace

Link::Link(asio::ip::tcp::socket socket) : socket_(std::move(socket)), timer_(socket_.get_executor()) {
  error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  // on_input() must never block the loop, even if the system announced bytes that are not there.
  socket_.non_blocking(true, ignored);
}

std::int64_t Link::peer_port() const {
  boost::system::error_code gone;
  const auto peer = socket_.remote_endpoint(gone);
  return gone ? 0 : peer.port();
}

asio::awaitable<std::size_t> Link::write(Buffers buffers) {
  if (is_lost_) co_return 0;
  error_code error;
  const std::size_t written =
      co_await asio::async_write(socket_, buffers, asio::redirect_error(asio::use_awaitable, error));
  if (error) close();
  co_return written;
}

asio::awaitable<void> Link::sleep_until(Clock::time_point time) {
  if (is_lost_) co_return;
  timer_.expires_at(time);
  error_code ignored;
  co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

void Link::watch() {
  ++watch_;
  if (!is_lost_) wait_for_input();
}

void Link::unwatch() {
  ++watch_;
  error_code ignored;
  if (!is_lost_) socket_.cancel(ignored);
}

void Link::wait_for_input() {
  socket_.async_wait(asio::socket_base::wait_read, [self = shared_from_this(), watch = watch_](error_code error) {
    if (!error && watch == self->watch_ && !self->is_lost_) self->on_input();
  });
}

void Link::on_input() {
  error_code error;
  const std::size_t count = socket_.receive(received_.prepare(kReadStep), 0, error);
  if (error == asio::error::would_block) {
    wait_for_input();
  } else if (error) {
    close();
  } else {
    received_.commit(count);
    if (received_.size() < kMaxReadAhead) wait_for_input();
  }
}

void Link::close() {
  if (is_lost_) return;
  is_lost_ = true;
  error_code ignored;
  socket_.shutdown(asio::socket_base::shutdown_send, ignored);
  socket_.close(ignored);
  timer_.cancel();
}

void Link::reset() {
  error_code ignored;
  if (!is_lost_) socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  is_lost_ = true;
  socket_.close(ignored);
  timer_.cancel();
}

}  // namespace tapedeck::simulator
