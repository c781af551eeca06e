#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "domain/id_grammar.hpp"

namespace tapedeck {

/// Most characters in a business id.
inline constexpr std::size_t kBusinessIdMaxLength = 64;

/// A validated identifier. Only parse() makes one, so its value is safe in a key, a path and a URL.
template <class Kind>
class Id {
 public:
  Id() = default;

  /// Error kInvalidArgument, whose detail says what is expected.
  [[nodiscard]] static Result<Id> parse(std::string_view text) {
    if (!Kind::is_valid(text)) return fail(Errc::kInvalidArgument, std::string(Kind::kExpected));
    return Id(std::string(text));
  }

  [[nodiscard]] const std::string& str() const noexcept { return value_; }
  [[nodiscard]] std::string_view view() const noexcept { return value_; }
  /// True for a default-constructed one only, which stands for "none".
  [[nodiscard]] bool empty() const noexcept { return value_.empty(); }

  friend auto operator<=>(const Id&, const Id&) = default;
  friend bool operator==(const Id&, const Id&) = default;

 private:
  explicit Id(std::string value) : value_(std::move(value)) {}
  std::string value_;
};

struct BusinessKind {
  static constexpr std::string_view kExpected = "expected a business id: 1 to 64 of A-Z a-z 0-9 _ and -";
  [[nodiscard]] static bool is_valid(std::string_view text) noexcept;
};
struct AccountKind {
  static constexpr std::string_view kExpected = "expected an account SID: AC and 32 hexadecimal digits";
  [[nodiscard]] static bool is_valid(std::string_view text) noexcept { return is_sid(text, kIdGrammar.account); }
};
struct CallKind {
  static constexpr std::string_view kExpected = "expected a call SID: CA and 32 hexadecimal digits";
  [[nodiscard]] static bool is_valid(std::string_view text) noexcept { return is_sid(text, kIdGrammar.call); }
};
struct RecordingKind {
  static constexpr std::string_view kExpected = "expected a recording SID: RE and 32 hexadecimal digits";
  [[nodiscard]] static bool is_valid(std::string_view text) noexcept { return is_sid(text, kIdGrammar.recording); }
};
struct SidKind {
  static constexpr std::string_view kExpected =
      "expected a call SID (CA and 32 hexadecimal digits) or a recording SID (RE and 32 hexadecimal digits)";
  [[nodiscard]] static bool is_valid(std::string_view text) noexcept {
    return is_sid(text, kIdGrammar.call) || is_sid(text, kIdGrammar.recording);
  }
};

using BusinessId = Id<BusinessKind>;
using AccountSid = Id<AccountKind>;
using CallSid = Id<CallKind>;
using RecordingSid = Id<RecordingKind>;
/// The name of a recording in URLs, in Redis and in logs: its call's SID, or its own SID if the call has an earlier
/// recording.
using Sid = Id<SidKind>;

[[nodiscard]] inline Sid to_sid(const CallSid& call) { return *Sid::parse(call.view()); }
[[nodiscard]] inline Sid to_sid(const RecordingSid& recording) { return *Sid::parse(recording.view()); }

}  // namespace tapedeck

template <class Kind>
struct std::hash<tapedeck::Id<Kind>> {
  std::size_t operator()(const tapedeck::Id<Kind>& id) const noexcept {
    return std::hash<std::string_view>{}(id.view());
  }
};
