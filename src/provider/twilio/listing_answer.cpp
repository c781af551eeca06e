#include "provider/twilio/listing_answer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "base/text.hpp"

namespace tapedeck {
namespace {

namespace json = boost::json;

// Depth of Twilio's own documents is 4.
constexpr std::size_t kListingDepthMax = 16;
constexpr std::size_t kErrorCodeMax = 16;
// Longest number or SIP address of a party.
constexpr std::size_t kPartyMax = 256;
constexpr int kChannelsMax = 2;

constexpr std::array<std::pair<std::string_view, AnnouncedStatus>, 4> kStatuses{{
    {"completed", AnnouncedStatus::kCompleted},
    {"absent", AnnouncedStatus::kAbsent},
    {"deleted", AnnouncedStatus::kAbsent},
    {"failed", AnnouncedStatus::kFailed},
}};

std::unexpected<Error> not_twilio(std::string_view what) {
  return fail(Errc::kProviderRejected,
              fmt::format("the provider's answer is not what Twilio sends: {}; is TWILIO_BASE_URL right?", what));
}

Result<json::object> parse_document(std::string_view text) {
  json::parse_options options;
  options.max_depth = kListingDepthMax;
  json::error_code failure;
  json::value document = json::parse(text, failure, {}, options);
  if (failure) return not_twilio("no JSON");
  if (!document.is_object()) return not_twilio("no JSON object");
  return std::move(document.as_object());
}

// Twilio writes some numbers as text, so a number is as good as its digits; null is empty.
std::string text_of(const json::object& fields, std::string_view name) {
  const json::value* value = fields.if_contains(name);
  if (value == nullptr || value->is_null()) return {};
  if (value->is_string()) return std::string(value->get_string());
  if (value->is_int64() || value->is_uint64()) return json::serialize(*value);
  return {};
}

// "-1" stands for "not known yet"; so does whatever is no number.
std::optional<int> seconds_of(const json::object& fields, std::string_view name) {
  const std::string text = text_of(fields, name);
  int seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || seconds < 0) return std::nullopt;
  return seconds;
}

std::optional<SystemTime> time_of(const json::object& fields, std::string_view name) {
  const Result<SystemTime> time = parse_rfc2822(text_of(fields, name));
  return time ? std::optional(*time) : std::nullopt;
}

std::optional<std::string> party_of(const json::object& fields, std::string_view name) {
  std::string text = to_clean_text(text_of(fields, name), kPartyMax);
  return text.empty() ? std::nullopt : std::optional(std::move(text));
}

AnnouncedStatus status_of(std::string_view name) {
  const auto* row = std::ranges::find(kStatuses, name, [](const auto& pair) { return pair.first; });
  return row == kStatuses.end() ? AnnouncedStatus::kInProgress : row->second;
}

std::optional<ListedRecording> read_entry(const json::object& fields) {
  const auto recording = RecordingSid::parse(text_of(fields, "sid"));
  const auto call = CallSid::parse(text_of(fields, "call_sid"));
  const auto account = AccountSid::parse(text_of(fields, "account_sid"));
  const auto created = time_of(fields, "date_created");
  if (!recording || !call || !account || !created) return std::nullopt;
  ListedRecording entry;
  entry.created_at = *created;
  RecordingAnnouncement& told = entry.told;
  told.recording = *recording;
  told.call = *call;
  told.account = *account;
  told.status = status_of(text_of(fields, "status"));
  told.duration_seconds = seconds_of(fields, "duration");
  const int channels = seconds_of(fields, "channels").value_or(0);
  told.channels = channels <= kChannelsMax ? channels : 0;
  told.started_at = time_of(fields, "start_time");
  if (!told.started_at) told.started_at = created;
  const std::string code = to_clean_text(text_of(fields, "error_code"), kErrorCodeMax);
  if (code != "0") told.error_code = code;
  told.is_listed = true;
  return entry;
}

}  // namespace

Result<ListingPage> parse_listing(std::string_view text) {
  const Result<json::object> document = parse_document(text);
  if (!document) return fail(document.error());
  const json::value* entries = document->if_contains("recordings");
  if (entries == nullptr || !entries->is_array()) return not_twilio("a list without \"recordings\"");
  // Without it nobody could tell a last page from a cut one.
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
  update.from = party_of(*document, "from");
  update.to = party_of(*document, "to");
  const std::string direction = text_of(*document, "direction");  // "inbound", "outbound-api", "outbound-dial"
  if (direction.starts_with("inbound")) update.direction = CallDirection::kInbound;
  if (direction.starts_with("outbound")) update.direction = CallDirection::kOutbound;
  update.started_at = time_of(*document, "start_time");
  update.duration_seconds = seconds_of(*document, "duration");
  return update;
}

}  // namespace tapedeck
