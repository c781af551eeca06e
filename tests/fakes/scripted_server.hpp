#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace tapedeck {

/// One step of an answer.
struct Step {
  enum class Kind {
    kSend,     ///< the bytes
    kDrip,     ///< the bytes, one every `pause`, over and over
    kEndless,  ///< the bytes, over and over, as fast as they are taken
    kHang,     ///< nothing, until the client closes
    kClose,
    kReset,  ///< closes so that the client sees "connection reset"
    kEarly,  ///< first of all: the answer does not wait for the request's body, which is not read then
  };
  Kind kind = Kind::kSend;
  std::string bytes;
  std::chrono::milliseconds pause{0};
};
using Answer = std::vector<Step>;

inline Step send(std::string bytes) { return {Step::Kind::kSend, std::move(bytes), {}}; }
inline Step drip(std::string bytes, std::chrono::milliseconds pause) {
  return {Step::Kind::kDrip, std::move(bytes), pause};
}
inline Step endless(std::string bytes) { return {Step::Kind::kEndless, std::move(bytes), {}}; }
inline Step hang() { return {Step::Kind::kHang, {}, {}}; }
inline Step close_connection() { return {Step::Kind::kClose, {}, {}}; }
inline Step reset_connection() { return {Step::Kind::kReset, {}, {}}; }
inline Step early() { return {Step::Kind::kEarly, {}, {}}; }

/// "HTTP/1.1 <status> <reason>", the headers, and Content-Length and body.
[[nodiscard]] Step respond(std::string_view status, std::string_view headers, std::string_view body);
/// The same without the body, of which the length alone is told: for HEAD.
[[nodiscard]] Step respond_head(std::string_view status, std::string_view headers, std::size_t length);

/// A request as it arrived.
struct SeenRequest {
  std::size_t connection = 0;  ///< in the order of arrival
  std::string method;
  std::string target;                          ///< "/2010-04-01/..."
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;                            ///< of the length that was announced

  [[nodiscard]] std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

/// An HTTP server on a loopback port of its own, whose answers are raw bytes. It runs on the test's event loop.
class ScriptedServer {
 public:
  explicit ScriptedServer(boost::asio::io_context& loop);
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  /// Given to the next request that has none yet; the last one is given to all that follow.
  void answer(Answer answer) { answers_.push_back(std::move(answer)); }
  /// Instead: what each request is given, by its target and headers.
  using Script = std::function<Answer(const SeenRequest& request)>;
  void answer_by(Script script) { script_ = std::move(script); }
  /// What was not given yet, and the last one.
  void forget_answers() { answers_.clear(); }

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port()); }
  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  [[nodiscard]] const std::vector<SeenRequest>& requests() const { return requests_; }
  [[nodiscard]] std::size_t connections() const { return sockets_.size(); }
  /// Bytes that the operating system took from us, over all connections.
  [[nodiscard]] std::uint64_t sent_bytes() const { return sent_bytes_; }
  /// The client has closed this connection, as far as the operating system knows at this moment.
  [[nodiscard]] bool client_has_closed(std::size_t connection) const;

 private:
  using Socket = boost::asio::ip::tcp::socket;

  boost::asio::awaitable<void> accept();
  boost::asio::awaitable<void> serve(std::size_t connection);
  boost::asio::awaitable<bool> take_body(Socket& socket, std::string& buffer, std::size_t index);
  boost::asio::awaitable<bool> play(Socket& socket, Answer answer);
  boost::asio::awaitable<bool> write(Socket& socket, std::string bytes);
  void record(std::size_t connection, std::string_view head);
  [[nodiscard]] Answer next_answer();

  boost::asio::ip::tcp::acceptor acceptor_;
  std::vector<std::shared_ptr<Socket>> sockets_;
  std::deque<Answer> answers_;
  Script script_;
  std::vector<SeenRequest> requests_;
  std::uint64_t sent_bytes_ = 0;
};

}  // namespace tapedeck
