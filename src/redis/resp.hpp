#pragma once

#include <charconv>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace tapedeck::redis {

/// Writes commands in RESP2, binary-safe: an array of bulk strings.
/// Source: redis.io/docs/latest/develop/reference/protocol-spec.
class RespWriter {
 public:
  explicit RespWriter(std::string& out) : out_(out) {}

  /// Begins a command of `words` words; as many word() follow.
  void begin(std::size_t words) { head('*', words); }
  void word(std::string_view text) {
    head('$', text.size());
    out_ += text;
    out_ += "\r\n";
  }
  void number(std::size_t value) {
    Digits digits;
    word(digits.of(value));
  }
  void words(std::span<const std::string> texts) {
    for (const std::string& text : texts) word(text);
  }

 private:
  struct Digits {
    char buffer[20];
    std::string_view of(std::size_t value) {
      return {buffer, static_cast<std::size_t>(std::to_chars(buffer, buffer + sizeof(buffer), value).ptr - buffer)};
    }
  };

  void head(char kind, std::size_t count) {
    Digits digits;
    out_ += kind;
    out_ += digits.of(count);
    out_ += "\r\n";
  }

  std::string& out_;
};

}  // namespace tapedeck::redis
