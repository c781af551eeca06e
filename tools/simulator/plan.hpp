#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "body.hpp"

namespace tapedeck::simulator {

/// How the end of a body is marked on the wire (RFC 9112 §6).
enum class Framing { kContentLength, kChunked, kUntilClose };

/// How an answer is sent. By default it is correct, and as fast as the client takes it. Offsets count bytes of the
/// body.
struct Shape {
  Milliseconds latency{0};
  std::optional<std::uint64_t> bytes_per_second;
  std::optional<std::uint64_t> stall_after;
  /// Empty: until the client leaves.
  std::optional<Milliseconds> stall_for;
  std::optional<std::uint64_t> close_after;
  bool closes_with_reset = false;
  bool closes_before_header = false;
  Framing framing = Framing::kContentLength;
  /// Added to the announced Content-Length.
  std::int64_t length_error = 0;
  /// Sent instead of the whole answer. Then the connection ends.
  std::optional<std::string> raw;
};

/// The answer to one request.
struct Plan {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  Body body;
  Shape shape;
  /// The body is the unaltered audio of the recording.
  bool is_recording = false;
  /// Names of the applied faults, for the log.
  std::vector<std::string> faults;
};

/// The parts of a request that rules and statistics use.
struct Target {
  /// "media", "metadata", "list", "call" or "cdn"; empty for anything else.
  std::string resource;
  std::string account;
  std::string call;
  std::string recording;
  std::string business;
  /// "mp3" or "wav" when it is media.
  std::string format;
  /// Value of RequestedChannels; 0 when not given.
  int requested_channels = 0;
  /// Path and query as received.
  std::string path_and_query;
};

/// An error in Twilio's form: {"code", "message", "more_info", "status"}. `code` is Twilio's own number.
[[nodiscard]] Plan rest_exception(int status, int code, std::string_view message);
/// The same with Twilio's usual code and message of a status.
[[nodiscard]] Plan rest_exception(int status);

[[nodiscard]] Plan json_plan(int status, std::string text);
[[nodiscard]] Plan no_content();

}  // namespace tapedeck::simulator
