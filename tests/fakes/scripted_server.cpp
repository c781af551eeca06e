#include "tests/fakes/scripted_server.hpp"

#include <cerrno>

#include <fmt/format.h>
#include <sys/socket.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/completion_condition.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace tapedeck {
namespace {

namespace asio = boost::asio;

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return result;
}

// An error of a script, other than of its connection, is a defect of the test.
void rethrow(std::exception_ptr failure) {
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

Step respond(std::string_view status, std::string_view headers, std::string_view body) {
  return send(fmt::format("HTTP/1.1 {}\r\n{}Content-Length: {}\r\n\r\n{}", status, headers, body.size(), body));
}

Step respond_head(std::string_view status, std::string_view headers, std::size_t length) {
  return send(fmt::format("HTTP/1.1 {}\r\n{}Content-Length: {}\r\n\r\n", status, headers, length));
}

ScriptedServer::ScriptedServer(asio::io_context& loop)
    : acceptor_(loop, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
  asio::co_spawn(loop, accept(), rethrow);
}

bool ScriptedServer::client_has_closed(std::size_t connection) const {
  char byte = 0;
  const ssize_t got = ::recv(sockets_.at(connection)->native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

asio::awaitable<void> ScriptedServer::accept() {
  while (true) {
    auto accepted = co_await acceptor_.async_accept(kTuple);
    if (std::get<0>(accepted)) co_return;
    sockets_.push_back(std::make_shared<Socket>(std::move(std::get<1>(accepted))));
    asio::co_spawn(acceptor_.get_executor(), serve(sockets_.size() - 1), rethrow);
  }
}

asio::awaitable<void> ScriptedServer::serve(std::size_t connection) {
  const std::shared_ptr<Socket> socket = sockets_[connection];
  std::string buffer;
  while (true) {
    auto read = co_await asio::async_read_until(*socket, asio::dynamic_buffer(buffer), "\r\n\r\n", kTuple);
    if (std::get<0>(read)) co_return;
    record(connection, std::string_view(buffer).substr(0, std::get<1>(read)));
    buffer.erase(0, std::get<1>(read));
    const std::size_t index = requests_.size() - 1;
    Answer answer = next_answer();
    const bool is_early = !answer.empty() && answer.front().kind == Step::Kind::kEarly;
    if (!is_early) {
      const bool whole = co_await take_body(*socket, buffer, index);
      if (!whole) co_return;
    }
    const bool open = co_await play(*socket, std::move(answer));
    if (!open) co_return;
  }
}

asio::awaitable<bool> ScriptedServer::take_body(Socket& socket, std::string& buffer, std::size_t index) {
  const std::string announced = requests_[index].header("content-length");
  const std::size_t length = announced.empty() ? 0 : std::stoul(announced);
  if (buffer.size() < length) {
    const std::size_t missing = length - buffer.size();
    auto read =
        co_await asio::async_read(socket, asio::dynamic_buffer(buffer), asio::transfer_exactly(missing), kTuple);
    if (std::get<0>(read)) co_return false;
  }
  requests_[index].body = buffer.substr(0, length);
  buffer.erase(0, length);
  co_return true;
}

asio::awaitable<bool> ScriptedServer::play(Socket& socket, Answer answer) {
  asio::steady_timer timer(socket.get_executor());
  for (const Step& step : answer) {
    if (step.kind == Step::Kind::kEarly) continue;
    bool repeat = step.kind == Step::Kind::kDrip || step.kind == Step::Kind::kEndless;
    do {  // NOLINT(bugprone-infinite-loop): co_return ends it
      if (step.kind == Step::Kind::kHang) {
        char byte = 0;
        auto read = co_await socket.async_read_some(asio::buffer(&byte, 1), kTuple);
        if (std::get<0>(read)) co_return false;
      } else if (step.kind == Step::Kind::kClose || step.kind == Step::Kind::kReset) {
        boost::system::error_code ignored;
        if (step.kind == Step::Kind::kReset) socket.set_option(asio::socket_base::linger(true, 0), ignored);
        socket.close(ignored);
        co_return false;
      } else {
        const bool written = co_await write(socket, step.bytes);
        if (!written) co_return false;
        if (step.kind == Step::Kind::kDrip) {
          timer.expires_after(step.pause);
          auto waited = co_await timer.async_wait(kTuple);
          if (std::get<0>(waited)) co_return false;
        }
      }
    } while (repeat);
  }
  co_return true;
}

asio::awaitable<bool> ScriptedServer::write(Socket& socket, std::string bytes) {
  std::string_view rest = bytes;
  while (!rest.empty()) {
    auto wrote = co_await socket.async_write_some(asio::buffer(rest.data(), rest.size()), kTuple);
    if (std::get<0>(wrote)) co_return false;
    sent_bytes_ += std::get<1>(wrote);
    rest.remove_prefix(std::get<1>(wrote));
  }
  co_return true;
}

void ScriptedServer::record(std::size_t connection, std::string_view head) {
  SeenRequest request;
  request.connection = connection;
  request.method = head.substr(0, head.find(' '));
  const std::size_t target = head.find(' ') + 1;
  request.target = head.substr(target, head.find(' ', target) - target);
  for (std::size_t line = head.find("\r\n") + 2; line < head.size();) {
    const std::size_t end = head.find("\r\n", line);
    const std::string_view text = head.substr(line, end - line);
    const std::size_t colon = text.find(": ");
    if (colon != std::string_view::npos) request.headers.emplace(lower(text.substr(0, colon)), text.substr(colon + 2));
    line = end + 2;
  }
  requests_.push_back(std::move(request));
}

Answer ScriptedServer::next_answer() {
  if (script_) return script_(requests_.back());
  if (answers_.empty()) return {close_connection()};
  Answer answer = answers_.front();
  if (answers_.size() > 1) answers_.pop_front();
  return answer;
}

}  // namespace tapedeck
