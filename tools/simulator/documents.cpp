#include "documents.hpp"

#include <fmt/format.h>

#include "text.hpp"

namespace tapedeck::simulator {

namespace json = boost::json;

std::string account_path(std::string_view account) { return fmt::format("/2010-04-01/Accounts/{}", account); }

json::object recording_document(const Recording& recording, std::string_view status, std::string_view base_url) {
  const std::string path = fmt::format("{}/Recordings/{}", account_path(recording.account), recording.sid);
  const std::string created = format_rfc2822(recording.created_at);
  json::object out;
  out["account_sid"] = recording.account;
  out["api_version"] = "2010-04-01";
  out["call_sid"] = recording.call;
  out["conference_sid"] = nullptr;
  out["channels"] = recording.channels;
  out["date_created"] = created;
  out["date_updated"] = created;
  out["start_time"] = created;
  // A string, and "-1" while it is unknown.
  out["duration"] = status == "completed" || status == "deleted"
                        ? std::to_string(std::chrono::ceil<Seconds>(recording.duration).count())
                        : "-1";
  out["sid"] = recording.sid;
  out["price"] = nullptr;
  out["price_unit"] = "USD";
  out["status"] = status;
  out["source"] = recording.source;
  out["track"] = recording.track;
  if (recording.error_code) {
    out["error_code"] = *recording.error_code;
  } else {
    out["error_code"] = nullptr;
  }
  out["encryption_details"] = nullptr;
  out["uri"] = path + ".json";
  out["media_url"] = fmt::format("{}{}", base_url, path);
  out["subresource_uris"] = json::object{{"transcriptions", path + "/Transcriptions.json"}};
  return out;
}

json::object call_document(const Call& call) {
  const std::string path = fmt::format("{}/Calls/{}", account_path(call.account), call.sid);
  json::object out;
  out["sid"] = call.sid;
  out["account_sid"] = call.account;
  out["api_version"] = "2010-04-01";
  out["from"] = call.from;
  out["to"] = call.to;
  out["direction"] = call.direction == "outbound" ? "outbound-api" : call.direction;
  out["status"] = call.status;
  out["date_created"] = format_rfc2822(call.started_at);
  out["date_updated"] = format_rfc2822(call.started_at + call.duration);
  out["start_time"] = format_rfc2822(call.started_at);
  out["end_time"] = format_rfc2822(call.started_at + call.duration);
  out["duration"] = std::to_string(call.duration.count());
  out["parent_call_sid"] = nullptr;
  out["price"] = nullptr;
  out["price_unit"] = "USD";
  out["uri"] = path + ".json";
  out["subresource_uris"] = json::object{{"recordings", path + "/Recordings.json"}};
  return out;
}

}  // namespace tapedeck::simulator
