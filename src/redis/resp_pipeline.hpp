#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/time.hpp"
#include "redis/reply.hpp"
#include "redis/reply_reader.hpp"

namespace tapedeck::redis {

/// Matches replies to commands on one connection, without any input or output.
///
/// Redis answers in the order of the commands and sends nothing else, so the n-th reply belongs to the n-th command. A
/// caller that no longer waits therefore leaves its place behind: otherwise every later reply would reach the wrong
/// one.
class RespPipeline {
 public:
  /// Takes the command's reply, or the error. Runs once, possibly from within feed() or fail(), and may push.
  using Handler = std::move_only_function<void(Result<Reply>)>;

  /// One more command has been written. Returns its number, which counts from 0.
  std::uint64_t push(Handler handler, SteadyTime now, SteadyTime deadline);
  /// Takes the handler out, and leaves the place. Null: the command was answered or given up before.
  [[nodiscard]] Handler abandon(std::uint64_t number);
  /// Hands out every complete reply. After an error the stream is lost, and the caller calls fail(). `now` is when the
  /// bytes came.
  [[nodiscard]] Result<void> feed(std::string_view bytes, SteadyTime now);
  /// Gives up the commands whose deadline has passed, with this error; their places stay. Returns how many.
  std::size_t expire(SteadyTime now, const Error& error);
  /// Ends the stream: every command fails once, in order.
  void fail(const Error& error);

  /// Commands without a reply, given up or not.
  [[nodiscard]] std::size_t size() const noexcept { return places_.size(); }
  [[nodiscard]] bool empty() const noexcept { return places_.empty(); }
  /// The deadline of the oldest command that is not given up. Deadlines must not decrease from one to the next.
  [[nodiscard]] std::optional<SteadyTime> next_deadline() const;
  /// The later of the oldest command's deadline and the last reply. Long after this, no reply will come.
  [[nodiscard]] SteadyTime patience_from() const;

  /// Replies since the last call, with those of commands given up, and the sum of their times.
  struct Tally {
    std::uint64_t replies = 0;
    std::chrono::nanoseconds time{0};
  };
  [[nodiscard]] Tally take_tally() { return std::exchange(tally_, {}); }

 private:
  struct Place {
    Handler handler;  // null: given up
    SteadyTime sent;
    SteadyTime deadline;
  };

  ReplyReader reader_;
  std::deque<Place> places_;
  std::uint64_t first_number_ = 0;  // of places_.front()
  SteadyTime last_reply_;
  Tally tally_;
  bool failed_ = false;
};

}  // namespace tapedeck::redis
