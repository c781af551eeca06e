#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "base/time.hpp"
#include "http/server/input_buffer.hpp"
#include "http/server/limits.hpp"
#include "http/server/message.hpp"
#include "http/server/request_head.hpp"
#include "http/server/response_writer.hpp"
#include "http/server/server_stats.hpp"
#include "runtime/task.hpp"

namespace tapedeck::http {

/// Shared by the connections of one loop. Other threads read only the counters.
struct LoopContext {
  Handler& handler;
  const Limits& limits;
  LoopCounters counters;
  WriterContext writer;
  bool draining = false;  ///< stop() was called: no request follows the running one
};

/// One client's connection: it answers each request before it reads the next, so that pipelined answers keep their
/// order. Lives on one loop.
///
/// Time-outs cost nothing per request: the loop calls check() a few times a second, and the connection only keeps its
/// phase and the phase's deadline.
class ClientConnection {
 public:
  ClientConnection(LoopContext& loop, boost::asio::ip::tcp::socket socket, std::string peer);

  /// Serves until the client, a limit or the server ends it. The connection must outlive the task.
  [[nodiscard]] Task<> run();

  /// Enforces the time limits.
  void check(SteadyTime now);
  /// Ends an idle connection now, and any other after its current response.
  void drain();
  /// Ends it now, and cancels its handler.
  void abort();
  [[nodiscard]] boost::asio::cancellation_slot cancellation_slot() { return cancellation_.slot(); }

 private:
  enum class Phase {
    kIdle,       // waits for the first byte of a request
    kHead,       // has a part of a head
    kBody,       // has a part of a body
    kHandling,   // the handler, or a blob, is at work
    kWriting,    // waits for the reader
    kLingering,  // discards input, so that the client can read the last answer
  };
  enum class HeadStep { kMore, kComplete, kRefused };

  void enter(Phase phase, SteadyTime now, std::chrono::milliseconds allowed);
  void check_reader(SteadyTime now);
  void cut(Counter& reason);

  [[nodiscard]] HeadStep take_head();
  [[nodiscard]] Task<bool> read_head();
  [[nodiscard]] Task<bool> read_body();
  [[nodiscard]] Task<bool> read_more();
  [[nodiscard]] bool send_continue();
  [[nodiscard]] Request request_view() const;
  [[nodiscard]] Task<Response> ask_handler();
  [[nodiscard]] ResponseWriter::Step begin_response(Response response);
  [[nodiscard]] Task<bool> finish_response(ResponseWriter::Step step);
  [[nodiscard]] ResponseWriter::Step answer_failure(const Error& error);
  void end_response();
  [[nodiscard]] Task<> refuse(Refusal refusal);
  [[nodiscard]] Task<> linger();

  LoopContext& loop_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::cancellation_signal cancellation_;
  std::string peer_;

  InputBuffer input_;
  HeadScanner scanner_;
  RequestHead head_;
  std::string body_;
  ResponseWriter writer_;
  std::optional<Refusal> refusal_;

  Phase phase_ = Phase::kIdle;
  bool expired_ = false;     // the deadline of a head or body has passed
  bool keep_alive_ = false;  // after the response in progress
  unsigned status_ = 0;      // of the response in progress
  std::size_t answered_in_a_row_ = 0;
  SteadyTime deadline_;
  SteadyTime request_at_;    // complete head
  SteadyTime progress_at_;   // last progress of the reader, to the tick of check()
  SteadyTime window_begin_;  // of the rate
  std::uint64_t progress_bytes_ = 0;
  std::uint64_t window_bytes_ = 0;
};

}  // namespace tapedeck::http
