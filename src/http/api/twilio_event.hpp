#pragma once

#include <expected>

#include "base/form.hpp"
#include "calls/ports/call_list_store.hpp"
#include "calls/ports/recording_store.hpp"
#include "http/api/problem.hpp"

namespace tapedeck::http {

// What Twilio's callbacks mean. Twilio adds parameters and values at any time, so what is not understood is left out;
// only a SID that is malformed, or missing, is refused.
// Source: www.twilio.com/docs/voice/api/recording (RecordingStatusCallback),
// www.twilio.com/docs/voice/api/call-resource (StatusCallback).

/// Most bytes of a party's number or name that are kept.
inline constexpr std::size_t kTwilioPartyMax = 256;

/// Of a form with CallSid, RecordingSid, AccountSid and RecordingStatus. A status not known here is taken for "in
/// progress": it says that the recording exists.
[[nodiscard]] std::expected<RecordingAnnouncement, Problem> read_recording_event(const Form& form);

/// Of a form with CallSid. A RecordingSid in it makes the recording known.
[[nodiscard]] std::expected<CallUpdate, Problem> read_call_event(const Form& form);

/// The form that a JSON body stands for: its texts, numbers and booleans by name; the rest is left out.
[[nodiscard]] std::expected<Form, Problem> form_of_json(const Request& request);

}  // namespace tapedeck::http
