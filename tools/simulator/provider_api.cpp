#include "provider_api.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "base/encoding.hpp"
#include "documents.hpp"
#include "recording_list.hpp"
#include "text.hpp"

namespace tapedeck::simulator {

namespace json = boost::json;

namespace {

constexpr std::string_view kJsonExtension = ".json";

std::optional<std::pair<std::string, std::string>> credentials_of(const Request& request) {
  constexpr std::string_view kScheme = "Basic ";
  if (!request.authorization || !request.authorization->starts_with(kScheme)) return std::nullopt;
  const auto decoded = from_base64(std::string_view(*request.authorization).substr(kScheme.size()));
  if (!decoded) return std::nullopt;
  const std::size_t colon = decoded->find(':');
  if (colon == std::string::npos) return std::nullopt;
  return std::pair(decoded->substr(0, colon), decoded->substr(colon + 1));
}

bool ends_with_json(std::string_view name) { return name.ends_with(kJsonExtension); }

std::string_view without_json(std::string_view name) { return name.substr(0, name.size() - kJsonExtension.size()); }

// "RE….mp3": the recording and the format. Without an extension the provider answers WAV.
void read_media_name(std::string_view name, Target& target) {
  const std::size_t dot = name.find('.');
  const std::string_view extension = dot == std::string_view::npos ? "wav" : name.substr(dot + 1);
  if (extension != "mp3" && extension != "wav") return;
  target.recording = name.substr(0, dot);
  target.format = extension;
}

bool is_read(const Request& request) { return request.method == "GET" || request.method == "HEAD"; }

Plan method_not_allowed() { return rest_exception(405); }

}  // namespace

Target ProviderApi::target_of(const Request& request) {
  Target target;
  target.path_and_query = request.path_and_query;
  const auto parts = split(std::string_view(request.path).substr(1), '/');
  if (parts[0] == "_cdn" && parts.size() == 3) {
    target.account = parts[1];
    target.resource = "cdn";
    read_media_name(parts[2], target);
  } else if (parts.size() < 4 || parts[0] != "2010-04-01" || parts[1] != "Accounts") {
    return target;
  } else {
    target.account = parts[2];
    if (parts[3] == "Recordings.json" && parts.size() == 4) {
      target.resource = "list";
    } else if (parts[3] == "Recordings" && parts.size() == 5 && ends_with_json(parts[4])) {
      target.resource = "metadata";
      target.recording = without_json(parts[4]);
    } else if (parts[3] == "Recordings" && parts.size() == 5) {
      target.resource = request.method == "DELETE" ? "metadata" : "media";
      read_media_name(parts[4], target);
    } else if (parts[3] == "Calls" && parts.size() == 5 && ends_with_json(parts[4])) {
      target.resource = "call";
      target.call = without_json(parts[4]);
    } else if (parts[3] == "Calls" && parts.size() == 6 && parts[5] == "Recordings.json") {
      target.resource = "list";
      target.call = parts[4];
    }
  }
  const auto channels = request.query.find("RequestedChannels");
  if (channels) target.requested_channels = *channels == "1" ? 1 : *channels == "2" ? 2 : -1;
  if (const Recording* known = directory_.recording(target.recording); known != nullptr) {
    target.call = known->call;
    target.business = known->business;
  }
  return target;
}

std::string ProviderApi::user_of(const Request& request) {
  const auto credentials = credentials_of(request);
  return credentials ? credentials->first : "";
}

bool ProviderApi::may_read(const Request& request, const std::string& account) const {
  const Account* wanted = directory_.account(account);
  const auto credentials = credentials_of(request);
  if (wanted == nullptr || !credentials) return false;
  const auto& [user, secret] = *credentials;
  if (const Account* owner = directory_.account_of_key(user); owner != nullptr) {
    return owner->sid == account && equal_in_constant_time(owner->keys.find(user)->second, secret);
  }
  const Account* login = directory_.account(user);
  if (login == nullptr || !equal_in_constant_time(login->token, secret)) return false;
  return login->sid == account || wanted->parent == login->sid;
}

Plan ProviderApi::answer(const Request& request, const Target& target) {
  if (target.resource.empty()) return rest_exception(404);
  Plan plan;
  if (target.resource == "cdn") {
    plan = cdn(request, target);
  } else if (!may_read(request, target.account)) {
    return rest_exception(401, 20003,
                          request.authorization ? "Authentication Error - invalid username"
                                                : "Authentication Error - No credentials provided");
  } else if (target.resource == "media") {
    plan = media(request, target);
  } else if (target.resource == "metadata") {
    plan = metadata(request, target);
  } else if (target.resource == "list") {
    plan = list(request, target);
  } else {
    plan = call(request, target);
  }
  const auto now = std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
  rules_.apply(target, now, settings_.base_url, settings_.port, plan);
  return plan;
}

Plan ProviderApi::media(const Request& request, const Target& target) {
  if (!is_read(request)) return method_not_allowed();
  // The provider refuses it since 2024-02-15.
  if (!request.body.empty()) return rest_exception(403);
  const auto limit = settings_.most_downloads_per_account;
  if (limit && statistics_.current_downloads(target.account) > *limit) return rest_exception(429);
  const Recording* recording = directory_.recording(target.recording);
  const bool is_there =
      recording != nullptr && recording->account == target.account && recording->status == "completed";
  if (!is_there) {
    return rest_exception(404, 20404, fmt::format("The requested resource {} was not found", request.path));
  }
  if (target.requested_channels < 0) return rest_exception(400, 20001, "RequestedChannels must be 1 or 2");
  if (target.requested_channels > recording->channels) {
    return rest_exception(400, 16113, "Requested channels are not available for this recording");
  }
  const int channels = target.requested_channels == 0 ? recording->channels : target.requested_channels;
  const AudioFormat format = target.format == "mp3" ? AudioFormat::kMp3 : AudioFormat::kWav;
  auto body = Directory::media(*recording, format, channels);
  if (!body) return rest_exception(404);
  Plan plan;
  plan.content_type = format == AudioFormat::kMp3 ? "audio/mpeg" : "audio/x-wav";
  plan.body = *std::move(body);
  plan.is_recording = true;
  return plan;
}

Plan ProviderApi::cdn(const Request& request, const Target& target) {
  // Object stores refuse a second authentication beside the one in the URL.
  if (request.authorization) return rest_exception(400, 400, "Only one auth mechanism allowed");
  return media(request, target);
}

std::string ProviderApi::status_shown(const Recording& recording) const {
  if (recording.status != "completed") return recording.status;
  Target media;
  media.resource = "media";
  media.account = recording.account;
  media.call = recording.call;
  media.recording = recording.sid;
  media.business = recording.business;
  media.format = "mp3";
  return rules_.is_held_back(media) ? "processing" : recording.status;
}

Plan ProviderApi::metadata(const Request& request, const Target& target) {
  Recording* recording = directory_.recording(target.recording);
  const bool is_deleted = recording != nullptr && recording->status == "deleted";
  const bool shows_deleted = request.query.find("IncludeSoftDeleted") == "true";
  if (recording == nullptr || recording->account != target.account || (is_deleted && !shows_deleted)) {
    return rest_exception(404, 20404, fmt::format("The requested resource {} was not found", request.path));
  }
  if (request.method == "DELETE") {
    if (recording->status != "completed") return rest_exception(409);
    recording->status = "deleted";
    return no_content();
  }
  if (!is_read(request)) return method_not_allowed();
  return json_plan(200, json::serialize(recording_document(*recording, status_shown(*recording), settings_.base_url)));
}

Plan ProviderApi::call(const Request& request, const Target& target) {
  if (!is_read(request)) return method_not_allowed();
  const Call* call = directory_.call(target.call);
  if (call == nullptr || call->account != target.account) {
    return rest_exception(404, 20404, fmt::format("The requested resource {} was not found", request.path));
  }
  return json_plan(200, json::serialize(call_document(*call)));
}

Plan ProviderApi::list(const Request& request, const Target& target) {
  if (!is_read(request)) return method_not_allowed();
  auto query = parse_list_query(request, target, directory_);
  if (!query) return rest_exception(400, 20001, query.error().detail);
  if (settings_.most_per_page) query->page_size = std::min<std::size_t>(query->page_size, *settings_.most_per_page);
  const ListPage page = select_page(*query, target.account, directory_);
  json::array recordings;
  for (const Recording* recording : page.recordings) {
    recordings.push_back(recording_document(*recording, status_shown(*recording), settings_.base_url));
  }
  return json_plan(200, json::serialize(list_document(*query, page, std::move(recordings), request)));
}

}  // namespace tapedeck::simulator
