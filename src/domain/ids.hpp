#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.hpp"

namespace tapedeck {

/// Most characters in a business id.
inline constexpr std::size_t kBusinessIdMaxLength = 64;
/// Characters in every SID of Twilio: two letters and 32 hexadecimal digits.
inline constexpr std::size_t kTwilioSidLength = 34;

/// A validated identifier. Only parse() makes one, so a value of this type is safe in a key, a path or a URL.
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
  /// True only of a default-constructed one, which stands for "none".
  [[nodiscard]] bool empty() const noexcept { return value_.empty(); }

  friend auto operator<=>(const Id&, const Id&) = default;
  friend bool operator==(const Id&, const Id&) = default;

 private:
  explicit Id(std::string value) : value_(std::move(value)) {}
  std::string value_;
};

/// True for `prefix` and 32 hexadecimal digits (pattern of Twilio's OpenAPI description, twilio_api_v2010.json).
[[nodiscard]] bool is_twilio_sid(std::string_view text, std::string_view prefix) noexcept;

struct BusinessKind {
  static constexpr std::string_view kExpected = "expected a business id: 1 to 64 of A-Z a-z 0-9 _ and -";
  [[nodiscard]] static bool is_valid(std::string_view text) noexcept;
};
struct AccountKind {
  static constexpr std::string_view kExpected = "expected an account SID: AC and 32 hexadecimal digits";
  [[nodiscard]] static bool is_valid(std::string_view text) noexcept { return is_twilio_sid(text, "AC"); }
};
struct CallKind {
  static constexpr std::string_view kExpected = "expected a call SID: CA and 32 hexadecimal digits";
  [[nodiscard]] static bool is_valid(std::string_view text) noexcept { return is_twilio_sid(text, "CA"); }
};
struct RecordingKind {
  static constexpr std::string_view kExpected = "expected a recording SID: RE and 32 hexadecimal digits";
  [[nodiscard]] static bool is_valid(std::string_view text) noexcept { return is_twilio_sid(text, "RE"); }
};
struct SidKind {
  static constexpr std::string_view kExpected =
      "expected a call SID (CA and 32 hexadecimal digits) or a recording SID (RE and 32 hexadecimal digits)";
  [[nodiscard]] static bool is_valid(std::string_view text) noexcept {
    return is_twilio_sid(text, "CA") || is_twilio_sid(text, "RE");
  }
};

using BusinessId = Id<BusinessKind>;
using AccountSid = Id<AccountKind>;
using CallSid = Id<CallKind>;
using RecordingSid = Id<RecordingKind>;
/// The name a recording goes by in URLs, in Redis and in logs: its call's SID, or, for a call's second and later
/// recordings, its own.
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
