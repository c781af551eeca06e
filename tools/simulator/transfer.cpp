#include "transfer.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <boost/beast/http/status.hpp>

#include "base/time.hpp"

namespace tapedeck::simulator {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kPieceBytes = 64U << 10U;
// Pieces per second of a slow transfer. A slower one sends single bytes.
constexpr std::uint64_t kPiecesPerSecond = 10;
constexpr std::string_view kLastChunk = "0\r\n\r\n";

Link::Clock::duration time_for(std::uint64_t bytes, std::uint64_t bytes_per_second) {
  return std::chrono::duration_cast<Link::Clock::duration>(
      std::chrono::duration<double>(static_cast<double>(bytes) / static_cast<double>(bytes_per_second)));
}

std::string_view reason_of(int status) {
  const auto reason = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
  return {reason.data(), reason.size()};
}

}  // namespace

Transfer::Transfer(std::shared_ptr<Link> link, Plan plan, bool is_head, bool keep_alive,
                   std::function<void()> on_first_byte)
    : link_(std::move(link)),
      plan_(std::move(plan)),
      is_head_(is_head),
      keep_alive_(keep_alive),
      on_first_byte_(std::move(on_first_byte)) {}

bool Transfer::ends_connection() const {
  const Shape& shape = plan_.shape;
  return !keep_alive_ || shape.framing == Framing::kUntilClose || shape.length_error != 0 || shape.close_after;
}

std::string Transfer::header() const {
  const auto now = std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
  std::string out = fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\nServer: twilio-sim\r\n", plan_.status,
                                reason_of(plan_.status), format_http_date(now));
  if (!plan_.content_type.empty()) out += fmt::format("Content-Type: {}\r\n", plan_.content_type);
  for (const auto& [name, value] : plan_.headers) out += fmt::format("{}: {}\r\n", name, value);
  if (plan_.shape.framing == Framing::kChunked) {
    out += "Transfer-Encoding: chunked\r\n";
  } else if (plan_.shape.framing == Framing::kContentLength && plan_.status != 204) {
    const auto length = static_cast<std::int64_t>(plan_.body.size()) + plan_.shape.length_error;
    out += fmt::format("Content-Length: {}\r\n", std::max<std::int64_t>(length, 0));
  }
  out += ends_connection() ? "Connection: close\r\n\r\n" : "Connection: keep-alive\r\n\r\n";
  return out;
}

asio::awaitable<Delivery> Transfer::run() {
  link_->watch();
  Delivery delivery = co_await send();
  if (!delivery.is_complete && delivery.cause == "complete") delivery.cause = "fault";
  link_->unwatch();
  co_return delivery;
}

asio::awaitable<Delivery> Transfer::send() {
  const Shape& shape = plan_.shape;
  if (shape.latency.count() > 0) co_await link_->sleep_until(Link::Clock::now() + shape.latency);
  if (shape.closes_before_header) co_return cut();
  if (shape.raw) {
    pending_ = *shape.raw;
    co_await send_piece(0);
    co_return cut();
  }
  pending_ = header();
  if (is_head_ || plan_.status == 204) {
    co_await send_piece(0);
    co_return finish();
  }
  co_return co_await send_body();
}

asio::awaitable<Delivery> Transfer::send_body() {
  const auto rate = plan_.shape.bytes_per_second;
  const auto started = Link::Clock::now();
  while (!link_->is_lost()) {
    const std::size_t size = next_piece();
    if (size > 0) {
      co_await send_piece(size);
      if (rate && sent_ < plan_.body.size()) co_await link_->sleep_until(started + time_for(sent_, *rate));
      continue;
    }
    if (!pending_.empty()) co_await send_piece(0);
    if (plan_.shape.stall_after == sent_ && !is_stall_over_) {
      co_await stall();
      continue;
    }
    if (plan_.shape.close_after && sent_ >= std::min(*plan_.shape.close_after, plan_.body.size())) co_return cut();
    break;
  }
  if (plan_.shape.framing == Framing::kChunked && !link_->is_lost()) {
    pending_ = kLastChunk;
    co_await send_piece(0);
  }
  co_return finish();
}

// Sends the rest of the header, and then `size` bytes of the body.
asio::awaitable<void> Transfer::send_piece(std::size_t size) {
  const bool is_chunk = size > 0 && plan_.shape.framing == Framing::kChunked;
  const std::string prefix = is_chunk ? fmt::format("{:x}\r\n", size) : std::string();
  const std::string_view suffix = is_chunk ? "\r\n" : "";
  if (piece_.size() < size) piece_.resize(size);
  plan_.body.read(sent_, std::span(piece_.data(), size));
  const Link::Buffers buffers{asio::buffer(pending_), asio::buffer(prefix), asio::buffer(piece_.data(), size),
                              asio::buffer(suffix)};
  const std::size_t written = co_await link_->write(buffers);
  const std::size_t before_body = pending_.size() + prefix.size();
  if (written > before_body) sent_ += std::min(written - before_body, size);
  if (written > 0 && on_first_byte_) std::exchange(on_first_byte_, nullptr)();
  pending_.clear();
}

asio::awaitable<void> Transfer::stall() {
  is_stall_over_ = true;
  const auto limit = plan_.shape.stall_for;
  const auto until = limit ? Link::Clock::now() + *limit : Link::Clock::time_point::max();
  co_await link_->sleep_until(until);
}

// Bytes up to the next place of a fault; 0 at such a place and at the end.
std::size_t Transfer::next_piece() const {
  const Shape& shape = plan_.shape;
  std::uint64_t size = std::min<std::uint64_t>(kPieceBytes, plan_.body.size() - sent_);
  if (shape.bytes_per_second) {
    size = std::min(size, std::max<std::uint64_t>(*shape.bytes_per_second / kPiecesPerSecond, 1));
  }
  if (shape.close_after) size = std::min(size, *shape.close_after - std::min(*shape.close_after, sent_));
  if (shape.stall_after && !is_stall_over_ && *shape.stall_after >= sent_) {
    size = std::min(size, *shape.stall_after - sent_);
  }
  return static_cast<std::size_t>(size);
}

Delivery Transfer::finish() {
  Delivery delivery;
  delivery.body_bytes = sent_;
  if (link_->is_lost()) {
    delivery.cause = "client_closed";
    return delivery;
  }
  delivery.is_complete = plan_.shape.length_error == 0;
  delivery.keeps_connection = !ends_connection();
  if (!delivery.keeps_connection) link_->close();
  return delivery;
}

// Ends the connection where the plan says so.
Delivery Transfer::cut() {
  Delivery delivery;
  delivery.body_bytes = sent_;
  delivery.cause = link_->is_lost() ? "client_closed" : "fault";
  if (plan_.shape.closes_with_reset) {
    link_->reset();
  } else {
    link_->close();
  }
  return delivery;
}

}  // namespace tapedeck::simulator
