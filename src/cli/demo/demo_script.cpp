#include "cli/demo/demo_script.hpp"

#include <fstream>
#include <sstream>
#include <stdexcept>

#include <fmt/format.h>
#include <boost/json.hpp>

namespace tapedeck {
namespace {

namespace json = boost::json;

// DemoScript::read() turns the exception into an error: the file is ours, so one fault at a time is enough.
template <class T>
T need(Result<T> value) {
  if (!value) throw std::runtime_error(value.error().detail);
  return std::move(*value);
}

std::string text_of(const json::object& object, const char* name) { return std::string(object.at(name).as_string()); }

Business business_of(const json::object& object) {
  Business business;
  business.id = need(BusinessId::parse(text_of(object, "id")));
  business.account = need(AccountSid::parse(text_of(object, "account_sid")));
  business.auth_token = text_of(object, "auth_token");
  if (const json::value& limit = object.at("limit"); limit.is_int64()) {
    business.limit = static_cast<int>(limit.as_int64());
  }
  if (const json::value& format = object.at("format"); format.is_string()) {
    business.format = parse_format(std::string_view(format.as_string())).value_or(AudioFormat::kMp3);
    business.format_is_default = false;
  }
  return business;
}

const Business& owner_of(const std::vector<Business>& businesses, const std::string& id) {
  for (const Business& business : businesses) {
    if (business.id.view() == id) return business;
  }
  throw std::runtime_error("a call names an unknown business: " + id);
}

CallUpdate call_of(const json::object& object, const Business& owner, SystemTime now) {
  CallUpdate update;
  update.call = need(CallSid::parse(text_of(object, "call_sid")));
  update.from = text_of(object, "from");
  update.to = text_of(object, "to");
  update.direction = parse_direction(text_of(object, "direction"));
  update.started_at = now - std::chrono::minutes(object.at("minutes_ago").as_int64());
  update.duration_seconds = static_cast<int>(object.at("duration_s").as_int64());
  if (object.at("recording_sid").is_string()) {
    update.recording = RecordingUpdate{need(RecordingSid::parse(text_of(object, "recording_sid"))), owner.account,
                                       update.duration_seconds};
  }
  return update;
}

json::object provider_recording(const json::object& object, const CallUpdate& call, const Business& owner) {
  const std::string audio = text_of(object, "audio");
  return {{"account", owner.account.str()},
          {"sid", call.recording->recording.str()},
          {"call", call.call.str()},
          {"business", owner.id.str()},
          {"duration_s", *call.duration_seconds},
          {"channels", 2},
          {"files", json::object{{"mp3", audio + ".mp3"}, {"wav", audio + ".wav"}, {"wav_2", audio + ".2.wav"}}}};
}

json::object provider_call(const CallUpdate& call, const Business& owner) {
  return {{"account", owner.account.str()},
          {"sid", call.call.str()},
          {"from", *call.from},
          {"to", *call.to},
          {"duration_s", *call.duration_seconds}};
}

DemoScript script_of(const json::object& file, SystemTime now) {
  DemoScript script;
  json::array accounts;
  json::array calls;
  json::array recordings;
  json::array rules;
  for (const json::value& value : file.at("businesses").as_array()) {
    const Business& business = script.businesses.emplace_back(business_of(value.as_object()));
    accounts.push_back(
        json::object{{"sid", business.account.str()}, {"token", business.auth_token}, {"business", business.id.str()}});
  }
  for (const json::value& value : file.at("calls").as_array()) {
    const json::object& object = value.as_object();
    const Business& owner = owner_of(script.businesses, text_of(object, "business"));
    CallUpdate update = call_of(object, owner, now);
    calls.push_back(provider_call(update, owner));
    if (update.recording) {
      recordings.push_back(provider_recording(object, update, owner));
      if (object.at("rule").is_object()) {
        json::object rule = object.at("rule").as_object();
        rule["recording"] = update.recording->recording.str();
        rules.push_back(std::move(rule));
      }
    }
    script.calls.push_back({owner.id, std::move(update), object.at("webhook").as_bool()});
  }
  script.provider_load = json::serialize(json::object{{"accounts", accounts},
                                                      {"calls", calls},
                                                      {"recordings", recordings},
                                                      {"rules", rules},
                                                      {"settings", file.at("settings")}});
  return script;
}

}  // namespace

Result<DemoScript> DemoScript::read(const std::filesystem::path& file, SystemTime now) {
  std::ifstream in(file);
  if (!in) return fail(Errc::kIo, fmt::format("{} cannot be read", file.string()));
  std::ostringstream text;
  text << in.rdbuf();
  try {
    const json::value parsed = json::parse(text.str());
    return script_of(parsed.as_object(), now);
  } catch (const std::exception& error) {
    return fail(Errc::kInvalidArgument, fmt::format("{}: {}", file.string(), error.what()));
  }
}

}  // namespace tapedeck
