#include "provider/twilio/values.hpp"

#include <charconv>
#include <utility>

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/text.hpp"

namespace tapedeck::twilio {
namespace {

// Twilio's own documents are at most 4 levels deep.
constexpr std::size_t kJsonDepthMax = 16;
constexpr std::size_t kErrorCodeMax = 16;
// Longest number or SIP address of a party, in bytes.
constexpr std::size_t kPartyMax = 256;
constexpr int kChannelsMax = 2;

constexpr std::string_view kTooShort = "16101";
constexpr std::string_view kSilent = "16102";

}  // namespace

std::optional<boost::json::object> parse_object(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = kJsonDepthMax;
  boost::json::error_code failure;
  boost::json::value document = boost::json::parse({text.data(), text.size()}, failure, {}, options);
  if (failure || !document.is_object()) return std::nullopt;
  return std::move(document.as_object());
}

std::optional<int> seconds_of(std::string_view text) {
  int seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || seconds < 0) return std::nullopt;
  return seconds;
}

std::optional<SystemTime> time_of(std::string_view text) {
  const Result<SystemTime> time = parse_rfc2822(text);
  return time ? std::optional(*time) : std::nullopt;
}

std::optional<std::string> party_of(std::string_view text) {
  std::string party = to_clean_text(text, kPartyMax);
  return party.empty() ? std::nullopt : std::optional(std::move(party));
}

std::optional<CallDirection> direction_of(std::string_view text) {
  if (text.starts_with("inbound")) return CallDirection::kInbound;
  if (text.starts_with("outbound")) return CallDirection::kOutbound;
  return std::nullopt;
}

int channels_of(std::string_view text) {
  const int channels = seconds_of(text).value_or(0);
  return channels <= kChannelsMax ? channels : 0;
}

AnnouncedStatus status_of(std::string_view text) {
  if (text == "completed") return AnnouncedStatus::kCompleted;
  if (text == "absent") return AnnouncedStatus::kAbsent;
  if (text == "failed") return AnnouncedStatus::kFailed;
  return AnnouncedStatus::kInProgress;
}

std::string absence_of(std::string_view error_code) {
  const std::string code = to_clean_text(error_code, kErrorCodeMax);
  if (code == kTooShort) return "the provider has no audio: too short (error 16101)";
  if (code == kSilent) return "the provider has no audio: silent (error 16102)";
  if (code.empty() || code == "0") return std::string(kNoAudio);
  return fmt::format("{} (error {})", kNoAudio, code);
}

}  // namespace tapedeck::twilio
