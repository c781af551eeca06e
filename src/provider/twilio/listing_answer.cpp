#include "provider/twilio/listing_answer.hpp"

#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "provider/twilio/values.hpp"

namespace tapedeck {
namespace {

namespace json = boost::json;

std::unexpected<Error> not_twilio(std::string_view what) {
  return fail(Errc::kProviderRejected,
              fmt::format("the provider's answer is not what Twilio sends: {}; is TWILIO_BASE_URL right?", what));
}

Result<json::object> parse_document(std::string_view text) {
  std::optional<json::object> document = twilio::parse_object(text);
  if (!document) return not_twilio("no JSON object");
  return std::move(*document);
}

// Twilio writes some numbers as text, so a number reads as its digits; null reads as empty.
std::string text_of(const json::object& fields, std::string_view name) {
  const json::value* value = fields.if_contains(name);
  if (value == nullptr || value->is_null()) return {};
  if (value->is_string()) return std::string(value->get_string());
  if (value->is_int64() || value->is_uint64()) return json::serialize(*value);
  return {};
}

// "deleted" appears in lists only.
AnnouncedStatus listed_status(std::string_view name) {
  return name == "deleted" ? AnnouncedStatus::kAbsent : twilio::status_of(name);
}

std::optional<ListedRecording> read_entry(const json::object& fields) {
  const auto recording = RecordingSid::parse(text_of(fields, "sid"));
  const auto call = CallSid::parse(text_of(fields, "call_sid"));
  const auto account = AccountSid::parse(text_of(fields, "account_sid"));
  const auto created = twilio::time_of(text_of(fields, "date_created"));
  if (!recording || !call || !account || !created) return std::nullopt;
  ListedRecording entry;
  entry.created_at = *created;
  RecordingAnnouncement& told = entry.told;
  told.recording = *recording;
  told.call = *call;
  told.account = *account;
  told.status = listed_status(text_of(fields, "status"));
  told.duration_seconds = twilio::seconds_of(text_of(fields, "duration"));
  told.channels = twilio::channels_of(text_of(fields, "channels"));
  told.started_at = twilio::time_of(text_of(fields, "start_time"));
  if (!told.started_at) told.started_at = created;
  told.absence = twilio::absence_of(text_of(fields, "error_code"));
  told.is_listed = true;
  return entry;
}

}  // namespace

Result<ListingPage> parse_listing(std::string_view text) {
  const Result<json::object> document = parse_document(text);
  if (!document) return fail(document.error());
  const json::value* entries = document->if_contains("recordings");
  if (entries == nullptr || !entries->is_array()) return not_twilio("a list without \"recordings\"");
  // Without it a last page could not be told from a truncated one.
  if (!document->contains("next_page_uri")) return not_twilio("a list without \"next_page_uri\"");
  ListingPage page;
  page.next = text_of(*document, "next_page_uri");
  for (const json::value& entry : entries->get_array()) {
    auto read = entry.is_object() ? read_entry(entry.get_object()) : std::nullopt;
    if (read) {
      page.recordings.push_back(std::move(*read));
    } else {
      ++page.unreadable;
    }
  }
  return page;
}

Result<CallUpdate> parse_call(std::string_view text) {
  const Result<json::object> document = parse_document(text);
  if (!document) return fail(document.error());
  const auto call = CallSid::parse(text_of(*document, "sid"));
  if (!call) return not_twilio("a call without its \"sid\"");
  CallUpdate update;
  update.call = *call;
  update.from = twilio::party_of(text_of(*document, "from"));
  update.to = twilio::party_of(text_of(*document, "to"));
  update.direction = twilio::direction_of(text_of(*document, "direction"));
  update.started_at = twilio::time_of(text_of(*document, "start_time"));
  update.duration_seconds = twilio::seconds_of(text_of(*document, "duration"));
  return update;
}

}  // namespace tapedeck
