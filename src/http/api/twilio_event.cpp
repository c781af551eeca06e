#include "http/api/twilio_event.hpp"

#include <array>
#include <charconv>
#include <utility>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/text.hpp"
#include "http/api/fields.hpp"

namespace tapedeck::http {
namespace {

constexpr std::size_t kErrorCodeMax = 16;
constexpr int kChannelsMax = 2;

template <class IdType>
std::expected<IdType, Problem> read_id(const Form& form, std::string_view name) {
  Result<IdType> id = IdType::parse(form.find(name).value_or(""));
  if (!id) return refuse_field(name, id.error().detail);
  return std::move(*id);
}

// "-1" stands for "not known yet"; so does whatever is no number.
std::optional<int> read_seconds(const Form& form, std::string_view name) {
  const std::string_view text = form.find(name).value_or("");
  int seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || seconds < 0) return std::nullopt;
  return seconds;
}

std::optional<SystemTime> read_time(const Form& form, std::string_view name) {
  const std::optional<std::string_view> text = form.find_filled(name);
  if (!text) return std::nullopt;
  const Result<SystemTime> time = parse_rfc2822(*text);
  return time ? std::optional(*time) : std::nullopt;
}

std::optional<std::string> read_party(const Form& form, std::string_view name) {
  const std::optional<std::string_view> text = form.find_filled(name);
  return text ? std::optional(to_clean_text(*text, kTwilioPartyMax)) : std::nullopt;
}

AnnouncedStatus read_status(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, AnnouncedStatus>, 3> kStatuses{{
      {"completed", AnnouncedStatus::kCompleted},
      {"absent", AnnouncedStatus::kAbsent},
      {"failed", AnnouncedStatus::kFailed},
  }};
  for (const auto& [name, status] : kStatuses) {
    if (name == text) return status;
  }
  return AnnouncedStatus::kInProgress;
}

// "inbound", "outbound-api", "outbound-dial"
std::optional<CallDirection> read_direction(const Form& form) {
  const std::string_view text = form.find("Direction").value_or("");
  if (text.starts_with("inbound")) return CallDirection::kInbound;
  if (text.starts_with("outbound")) return CallDirection::kOutbound;
  return std::nullopt;
}

// Timestamp is when the event happened: of a completed call its end.
std::optional<SystemTime> read_call_start(const Form& form, std::optional<int> duration) {
  const std::optional<SystemTime> event = read_time(form, "Timestamp");
  if (!event || form.find("CallStatus") != "completed") return event;
  return duration ? std::optional(*event - Seconds{*duration}) : std::nullopt;
}

}  // namespace

std::expected<RecordingAnnouncement, Problem> read_recording_event(const Form& form) {
  auto account = read_id<AccountSid>(form, "AccountSid");
  if (!account) return refuse(std::move(account.error()));
  auto call = read_id<CallSid>(form, "CallSid");
  if (!call) return refuse(std::move(call.error()));
  auto recording = read_id<RecordingSid>(form, "RecordingSid");
  if (!recording) return refuse(std::move(recording.error()));
  const std::optional<std::string_view> status = form.find_filled("RecordingStatus");
  if (!status) return refuse_field("RecordingStatus", "expected in-progress, completed, absent or failed");
  const int channels = read_seconds(form, "RecordingChannels").value_or(0);
  const std::string error_code = to_clean_text(form.find("ErrorCode").value_or(""), kErrorCodeMax);
  return RecordingAnnouncement{.call = std::move(*call),
                               .recording = std::move(*recording),
                               .account = std::move(*account),
                               .status = read_status(*status),
                               .duration_seconds = read_seconds(form, "RecordingDuration"),
                               .channels = channels <= kChannelsMax ? channels : 0,
                               .started_at = read_time(form, "RecordingStartTime"),
                               .error_code = error_code == "0" ? std::string() : error_code};
}

std::expected<CallUpdate, Problem> read_call_event(const Form& form) {
  auto account = read_id<AccountSid>(form, "AccountSid");
  if (!account) return refuse(std::move(account.error()));
  auto call = read_id<CallSid>(form, "CallSid");
  if (!call) return refuse(std::move(call.error()));
  CallUpdate update;
  update.call = std::move(*call);
  update.from = read_party(form, "From");
  update.to = read_party(form, "To");
  update.direction = read_direction(form);
  update.duration_seconds = read_seconds(form, "CallDuration");
  update.started_at = read_call_start(form, update.duration_seconds);
  if (form.find_filled("RecordingSid")) {
    auto recording = read_id<RecordingSid>(form, "RecordingSid");
    if (!recording) return refuse(std::move(recording.error()));
    update.recording = RecordingUpdate{.recording = std::move(*recording),
                                       .account = std::move(*account),
                                       .duration_seconds = read_seconds(form, "RecordingDuration")};
  }
  return update;
}

std::expected<Form, Problem> form_of_json(const Request& request) {
  std::expected<boost::json::object, Problem> body = parse_json_body(request, true);
  if (!body) return refuse(std::move(body.error()));
  std::vector<Form::Field> fields;
  for (const auto& member : *body) {
    const boost::json::value& value = member.value();
    if (value.is_object() || value.is_array() || value.is_null()) continue;
    std::string text = value.is_string() ? std::string(value.get_string()) : boost::json::serialize(value);
    fields.push_back({std::string(member.key()), std::move(text)});
  }
  return Form(std::move(fields));
}

}  // namespace tapedeck::http
