#include "http/server/client_connection.hpp"

#include <sys/socket.h>

#include <exception>
#include <tuple>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "http/server/request_body.hpp"

namespace tapedeck::http {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using Step = ResponseWriter::Step;

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::string_view kLineEnd = "\r\n";

}  // namespace

ClientConnection::ClientConnection(LoopContext& loop, asio::ip::tcp::socket socket, std::string peer)
    : loop_(loop), socket_(std::move(socket)), peer_(std::move(peer)), scanner_(loop.limits) {
  // A silent client gets no longer than one that sends its head slowly.
  enter(Phase::kIdle, Clock::now(), loop_.limits.header_timeout);
}

Task<> ClientConnection::run() {
  while (true) {
    HeadStep head = take_head();
    if (head == HeadStep::kMore) {
      const bool complete = co_await read_head();
      head = complete ? HeadStep::kComplete : HeadStep::kRefused;
    }
    if (head == HeadStep::kComplete && head_.has_body()) {
      const bool complete = co_await read_body();
      if (!complete) head = HeadStep::kRefused;
    }
    if (head == HeadStep::kRefused) {
      if (refusal_) co_await refuse(*refusal_);
      co_return;
    }

    Step step = Step::kBroken;
    std::optional<Response> ready = loop_.handler.try_handle(request_view());
    if (ready) {
      step = begin_response(std::move(*ready));
    } else {
      Response response = co_await ask_handler();
      step = begin_response(std::move(response));
    }
    if (step != Step::kDone) {
      const bool sent = co_await finish_response(step);
      if (!sent) co_return;
    }
    end_response();
    if (!keep_alive_) {
      co_await linger();
      co_return;
    }
    if (++answered_in_a_row_ >= loop_.limits.pipelined && !input_.empty()) {
      answered_in_a_row_ = 0;
      co_await asio::post(socket_.get_executor(), asio::use_awaitable);
    }
  }
}

// Reading.

ClientConnection::HeadStep ClientConnection::take_head() {
  std::string_view bytes = input_.view();
  if (bytes.empty()) return HeadStep::kMore;
  // Old clients send an empty line before a request; one is ignored (RFC 9112 §2.2).
  const std::size_t skipped = bytes.starts_with(kLineEnd) ? kLineEnd.size() : 0;
  bytes.remove_prefix(skipped);
  const HeadScanner::Scan found = scanner_.scan(bytes);
  if (found.refusal) {
    head_ = RequestHead();
    refusal_ = found.refusal;
    return HeadStep::kRefused;
  }
  if (!found.end) return HeadStep::kMore;
  request_at_ = Clock::now();
  refusal_ = parse_head(bytes.substr(0, *found.end), loop_.limits, head_);
  input_.consume(skipped + *found.end);
  scanner_ = HeadScanner(loop_.limits);
  return refusal_ ? HeadStep::kRefused : HeadStep::kComplete;
}

Task<bool> ClientConnection::read_head() {
  answered_in_a_row_ = 0;
  input_.shrink(kInputBufferInitial);
  HeadStep step = HeadStep::kMore;
  while (step == HeadStep::kMore) {
    if (!input_.empty() && phase_ != Phase::kHead) enter(Phase::kHead, Clock::now(), loop_.limits.header_timeout);
    if (input_.empty() && loop_.draining) co_return false;
    const bool received = co_await read_more();
    if (!received) co_return false;
    step = take_head();
  }
  phase_ = Phase::kHandling;
  co_return step == HeadStep::kComplete;
}

// False if nothing more will come; refusal_ is set if the client gets a reason.
Task<bool> ClientConnection::read_more() {
  const auto space = input_.prepare(kInputBufferInitial, loop_.limits.header_bytes + kLineEnd.size());
  const auto received = co_await socket_.async_read_some(space, kAsTuple);
  if (expired_) {
    if (phase_ == Phase::kHead) head_ = RequestHead();
    refusal_ = phase_ == Phase::kBody ? Refusal{408, "The request's body did not arrive in time."}
                                      : Refusal{408, "The request's header did not arrive in time."};
    co_return false;
  }
  if (std::get<0>(received)) co_return false;
  input_.commit(std::get<1>(received));
  co_return true;
}

Task<bool> ClientConnection::read_body() {
  if (head_.expects_continue && input_.empty() && !send_continue()) co_return false;
  enter(Phase::kBody, Clock::now(), loop_.limits.body_timeout);
  RequestBody body =
      head_.chunked ? RequestBody::chunked(loop_.limits.body_bytes) : RequestBody::of_length(head_.content_length);
  while (true) {
    const RequestBody::Progress progress = body.feed(input_.view());
    input_.consume(progress.consumed);
    if (progress.refusal) {
      refusal_ = progress.refusal;
      co_return false;
    }
    if (progress.done) break;
    if (input_.view().size() >= loop_.limits.header_bytes) {
      refusal_ = Refusal{400, "A chunk's header is too long."};
      co_return false;
    }
    const bool received = co_await read_more();
    if (!received) co_return false;
  }
  body_ = body.take();
  phase_ = Phase::kHandling;
  co_return true;
}

bool ClientConnection::send_continue() {
  const auto sent = ::send(socket_.native_handle(), kContinue.data(), kContinue.size(), MSG_NOSIGNAL);
  // Before a response the send buffer is empty, unless the client does not read.
  return sent == static_cast<::ssize_t>(kContinue.size());
}

// Answering.

Request ClientConnection::request_view() const {
  Request request;
  request.method = head_.message.method();
  const auto target = head_.message.target();
  request.target = {target.data(), target.size()};
  const std::size_t question = head_.path_and_query.find('?');
  request.path = head_.path_and_query.substr(0, question);
  if (question != std::string_view::npos) request.query = head_.path_and_query.substr(question + 1);
  request.fields = &head_.message.base();
  request.body = body_;
  request.peer = peer_;
  return request;
}

Task<Response> ClientConnection::ask_handler() {
  phase_ = Phase::kHandling;
  const Request request = request_view();
  try {
    Response response = co_await loop_.handler.handle(request);
    co_return response;
  } catch (const std::exception&) {
    loop_.counters.handler_failures.add();
  }
  co_return refusal_response(Refusal{500, "Internal error. See the server's log."});
}

Step ClientConnection::begin_response(Response response) {
  keep_alive_ = head_.keep_alive && !loop_.draining;
  status_ = response.status;
  const ResponseFraming framing{keep_alive_, head_.http_1_0, head_.message.method() == boost::beast::http::verb::head};
  return writer_.start(socket_.native_handle(), std::move(response), framing, loop_.writer);
}

Task<bool> ClientConnection::finish_response(Step step) {
  phase_ = Phase::kWriting;
  progress_at_ = window_begin_ = Clock::now();
  bool has_begun = false;
  const auto note_first_byte = [this, &has_begun] {
    if (has_begun || writer_.bytes_sent() == 0) return;
    has_begun = true;
    loop_.counters.first_byte.observe(Clock::now() - request_at_);
  };
  note_first_byte();
  progress_bytes_ = window_bytes_ = writer_.bytes_sent();
  while (step != Step::kDone) {
    if (step == Step::kBlocked) {
      const auto waited = co_await socket_.async_wait(asio::ip::tcp::socket::wait_write, kAsTuple);
      if (std::get<0>(waited)) step = Step::kBroken;
    } else if (step == Step::kYield) {
      co_await asio::post(socket_.get_executor(), asio::use_awaitable);
    } else if (step == Step::kFetch) {
      loop_.counters.cold_reads.add();
      phase_ = Phase::kHandling;
      const SteadyTime asked_at = Clock::now();
      Result<void> fetched = co_await writer_.fetch();
      progress_at_ = Clock::now();
      window_begin_ += progress_at_ - asked_at;  // the reader did not cause this delay
      phase_ = Phase::kWriting;
      if (!fetched) step = answer_failure(fetched.error());
    }
    if (step == Step::kBroken || !socket_.is_open()) {
      loop_.counters.responses_aborted.add();
      loop_.counters.bytes_sent.add(writer_.bytes_sent());
      co_return false;
    }
    if (step != Step::kDone) step = writer_.advance(socket_.native_handle());
    note_first_byte();
  }
  co_return true;
}

// A response that has begun is cut, so that nobody mistakes the part for the whole. Otherwise a problem takes its
// place.
Step ClientConnection::answer_failure(const Error& error) {
  if (writer_.bytes_sent() > 0 || !socket_.is_open()) return Step::kBroken;
  writer_.reset();
  return begin_response(loop_.handler.answer_failure(request_view(), error));
}

void ClientConnection::end_response() {
  const SteadyTime now = Clock::now();
  const auto taken = now - request_at_;
  if (phase_ != Phase::kWriting) loop_.counters.first_byte.observe(taken);
  loop_.counters.duration.observe(taken);
  loop_.counters.count_status(status_);
  loop_.counters.bytes_sent.add(writer_.bytes_sent());
  writer_.reset();
  if (!body_.empty()) body_ = {};
  enter(Phase::kIdle, now, loop_.limits.idle_timeout);
}

Task<> ClientConnection::refuse(Refusal refusal) {
  head_.keep_alive = false;
  head_.http_1_0 = false;
  phase_ = Phase::kHandling;
  expired_ = false;
  request_at_ = Clock::now();
  const Step step = begin_response(refusal_response(refusal));
  if (step != Step::kDone) {
    const bool sent = co_await finish_response(step);
    if (!sent) co_return;
  }
  loop_.counters.count_status(status_);
  loop_.counters.bytes_sent.add(writer_.bytes_sent());
  co_await linger();
}

// Closing with unread bytes would make the kernel reset the connection, and the client would lose the answer.
Task<> ClientConnection::linger() {
  enter(Phase::kLingering, Clock::now(), loop_.limits.linger_timeout);
  boost::system::error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  std::size_t discarded = 0;
  while (discarded < loop_.limits.linger_bytes) {
    discarded += input_.view().size();
    input_.consume(input_.view().size());
    const bool received = co_await read_more();
    if (!received) break;
  }
}

// Time limits.

void ClientConnection::enter(Phase phase, SteadyTime now, std::chrono::milliseconds allowed) {
  phase_ = phase;
  deadline_ = now + allowed;
}

void ClientConnection::check(SteadyTime now) {
  if (phase_ == Phase::kHandling) return;
  if (phase_ == Phase::kWriting) return check_reader(now);
  if (now < deadline_) return;
  boost::system::error_code ignored;
  switch (phase_) {
    case Phase::kIdle: return cut(loop_.counters.idle_timeouts);
    case Phase::kHead:
    case Phase::kBody:
      if (!expired_) (phase_ == Phase::kHead ? loop_.counters.header_timeouts : loop_.counters.body_timeouts).add();
      expired_ = true;
      socket_.cancel(ignored);
      return;
    default: socket_.close(ignored); return;
  }
}

void ClientConnection::check_reader(SteadyTime now) {
  const Limits& limits = loop_.limits;
  const std::uint64_t sent = writer_.bytes_sent();
  if (sent != progress_bytes_) {
    progress_bytes_ = sent;
    progress_at_ = now;
  } else if (now - progress_at_ >= limits.stall_timeout) {
    return cut(loop_.counters.stall_timeouts);
  }
  if (now - window_begin_ < limits.rate_window) return;
  const auto window_ms = static_cast<std::uint64_t>(limits.rate_window.count());
  if ((sent - window_bytes_) * 1000 < limits.least_send_rate * window_ms) return cut(loop_.counters.slow_readers_cut);
  window_begin_ = now;
  window_bytes_ = sent;
}

void ClientConnection::cut(Counter& reason) {
  if (!socket_.is_open()) return;
  reason.add();
  boost::system::error_code ignored;
  socket_.close(ignored);
}

void ClientConnection::drain() {
  if (phase_ != Phase::kIdle || !input_.empty()) return;
  boost::system::error_code ignored;
  socket_.close(ignored);
}

void ClientConnection::abort() {
  boost::system::error_code ignored;
  socket_.close(ignored);
  cancellation_.emit(asio::cancellation_type::terminal);
}

}  // namespace tapedeck::http
