#include "provider/twilio/webhook_codec.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "provider/twilio/signature.hpp"
#include "provider/twilio/values.hpp"

namespace tapedeck {
namespace {

// Texts, numbers and booleans by name; the rest is left out.
Form flattened(const boost::json::object& json) {
  std::vector<Form::Field> fields;
  for (const auto& member : json) {
    const boost::json::value& value = member.value();
    if (value.is_object() || value.is_array() || value.is_null()) continue;
    std::string text = value.is_string() ? std::string(value.get_string()) : boost::json::serialize(value);
    fields.push_back({std::string(member.key()), std::move(text)});
  }
  return Form(std::move(fields));
}

Form parameters_of(const WebhookRequest& request) {
  if (request.has_form) return request.form;
  return request.json ? flattened(*request.json) : request.query;
}

std::string_view find(const Form& form, std::string_view name) { return form.find(name).value_or(""); }

std::unexpected<Error> refuse(std::string_view name, std::string_view expected) {
  return fail(Errc::kInvalidArgument, fmt::format("{}: {}", name, expected));
}

template <class IdType>
Result<IdType> read_id(const Form& form, std::string_view name) {
  Result<IdType> id = IdType::parse(find(form, name));
  if (!id) return refuse(name, id.error().detail);
  return id;
}

// Timestamp is when the event happened: of a completed call its end.
std::optional<SystemTime> call_start(const Form& form, std::optional<int> duration) {
  const std::optional<SystemTime> event = twilio::time_of(find(form, "Timestamp"));
  if (!event || find(form, "CallStatus") != "completed") return event;
  return duration ? std::optional(*event - Seconds{*duration}) : std::nullopt;
}

}  // namespace

bool TwilioWebhookCodec::is_signed(const WebhookRequest& request, std::string_view auth_token) const {
  return is_signed_by_twilio(auth_token, request.header(signature_header()), request);
}

Result<AccountSid> TwilioWebhookCodec::account(const WebhookRequest& request) const {
  return read_id<AccountSid>(parameters_of(request), "AccountSid");
}

Result<RecordingAnnouncement> TwilioWebhookCodec::recording(const WebhookRequest& request) const {
  const Form form = parameters_of(request);
  auto account = read_id<AccountSid>(form, "AccountSid");
  if (!account) return fail(std::move(account.error()));
  auto call = read_id<CallSid>(form, "CallSid");
  if (!call) return fail(std::move(call.error()));
  auto recording = read_id<RecordingSid>(form, "RecordingSid");
  if (!recording) return fail(std::move(recording.error()));
  const std::string_view status = find(form, "RecordingStatus");
  if (status.empty()) return refuse("RecordingStatus", "expected in-progress, completed, absent or failed");
  return RecordingAnnouncement{.call = std::move(*call),
                               .recording = std::move(*recording),
                               .account = std::move(*account),
                               .status = twilio::status_of(status),
                               .duration_seconds = twilio::seconds_of(find(form, "RecordingDuration")),
                               .channels = twilio::channels_of(find(form, "RecordingChannels")),
                               .started_at = twilio::time_of(find(form, "RecordingStartTime")),
                               .absence = twilio::absence_of(find(form, "ErrorCode"))};
}

Result<CallUpdate> TwilioWebhookCodec::call(const WebhookRequest& request) const {
  const Form form = parameters_of(request);
  auto account = read_id<AccountSid>(form, "AccountSid");
  if (!account) return fail(std::move(account.error()));
  auto call = read_id<CallSid>(form, "CallSid");
  if (!call) return fail(std::move(call.error()));
  CallUpdate update;
  update.call = std::move(*call);
  update.from = twilio::party_of(find(form, "From"));
  update.to = twilio::party_of(find(form, "To"));
  update.direction = twilio::direction_of(find(form, "Direction"));
  update.duration_seconds = twilio::seconds_of(find(form, "CallDuration"));
  update.started_at = call_start(form, update.duration_seconds);
  if (!form.find_filled("RecordingSid")) return update;
  auto recording = read_id<RecordingSid>(form, "RecordingSid");
  if (!recording) return fail(std::move(recording.error()));
  update.recording = RecordingUpdate{.recording = std::move(*recording),
                                     .account = std::move(*account),
                                     .duration_seconds = twilio::seconds_of(find(form, "RecordingDuration"))};
  return update;
}

}  // namespace tapedeck
