#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "base/time.hpp"
#include "calls/ports/call_store.hpp"

// Values as Twilio writes them, in webhooks and in documents alike. What is missing, empty or odd reads as absent.

namespace tapedeck::twilio {

/// The object of a JSON document; empty: it is none, or it is deeper than any of Twilio's.
[[nodiscard]] std::optional<boost::json::object> parse_object(std::string_view json);

/// "-1" stands for "not known yet".
[[nodiscard]] std::optional<int> seconds_of(std::string_view text);
/// RFC 2822.
[[nodiscard]] std::optional<SystemTime> time_of(std::string_view text);
/// A number, a SIP address or a name, without control characters.
[[nodiscard]] std::optional<std::string> party_of(std::string_view text);
/// "inbound", "outbound-api", "outbound-dial"
[[nodiscard]] std::optional<CallDirection> direction_of(std::string_view text);
/// 0: not told.
[[nodiscard]] int channels_of(std::string_view text);
/// "completed", "absent" and "failed"; any other status says that the recording exists.
[[nodiscard]] AnnouncedStatus status_of(std::string_view text);
/// Why there is no audio, from the error code of a recording; empty and "0" stand for none.
/// Source: www.twilio.com/docs/api/errors/16101, …/16102.
[[nodiscard]] std::string absence_of(std::string_view error_code);

}  // namespace tapedeck::twilio
