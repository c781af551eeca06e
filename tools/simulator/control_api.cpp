#include "control_api.hpp"

#include <array>
#include <charconv>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "documents.hpp"
#include "fields.hpp"
#include "stage.hpp"
#include "text.hpp"

namespace tapedeck::simulator {

namespace json = boost::json;

namespace {

constexpr std::size_t kLogPageLines = 10'000;

Plan created(json::value document) { return json_plan(201, json::serialize(document)); }
Plan ok(json::value document) { return json_plan(200, json::serialize(document)); }

Result<json::object> parse_object(std::string_view text) {
  if (text.empty()) return json::object{};
  json::error_code error;
  json::value value = json::parse(text, error);
  if (error || !value.is_object()) return fail(Errc::kInvalidArgument, "the body must be a JSON object");
  return std::move(value.get_object());
}

using Stage = Result<json::value> (*)(World&, const json::object&);

struct Collection {
  std::string_view name;
  Stage add;
};

// In the order of loading: recordings name calls, and calls name accounts.
constexpr std::array kCollections{
    Collection{"accounts", stage_account},
    Collection{"calls", stage_call},
    Collection{"recordings", stage_recordings},
    Collection{"rules", stage_rule},
};

// Adds each object of an array; a recording's "count" gives several results for one object.
Result<json::array> add_all(World& world, const Collection& collection, const json::value& values) {
  if (!values.is_array()) return fail(Errc::kInvalidArgument, fmt::format("\"{}\" must be an array", collection.name));
  json::array out;
  std::size_t index = 0;
  for (const json::value& value : values.get_array()) {
    const std::string place = fmt::format("{}[{}]", collection.name, index++);
    if (!value.is_object()) return fail(Errc::kInvalidArgument, place + " must be an object");
    auto added = collection.add(world, value.get_object());
    if (!added) {
      Error error = added.error();
      error.detail = fmt::format("{}: {}", place, error.detail);
      return fail(std::move(error));
    }
    if (added->is_array()) {
      for (json::value& one : added->get_array()) out.push_back(std::move(one));
    } else {
      out.push_back(*std::move(added));
    }
  }
  return out;
}

Plan post_collection(World& world, const Collection& collection, const Request& request) {
  const auto object = parse_object(request.body);
  if (!object) return control_error(object.error());
  const json::value* many = object->if_contains(collection.name);
  const auto added = add_all(world, collection, many != nullptr ? *many : json::value(json::array{*object}));
  if (!added) return control_error(added.error());
  return created(json::object{{collection.name, *added}});
}

json::object describe_media(const Recording& recording) {
  json::object out;
  for (const AudioFormat format : {AudioFormat::kMp3, AudioFormat::kWav}) {
    for (int channels = 1; channels <= recording.channels; ++channels) {
      const auto body = Directory::media(recording, format, channels);
      if (!body) continue;
      out[fmt::format("{}_{}", extension_of(format), channels)] =
          json::object{{"bytes", body->size()}, {"sha256", body->sha256()}};
    }
  }
  return out;
}

Plan one_recording(World& world, const Request& request, std::string_view sid) {
  Recording* recording = world.directory.recording(sid);
  if (recording == nullptr) return control_error(Error(Errc::kNotFound, "no such recording"));
  if (request.method == "PATCH") {
    const auto object = parse_object(request.body);
    if (!object) return control_error(object.error());
    const auto changed = change_recording(*recording, *object);
    if (!changed) return control_error(changed.error());
  } else if (request.method != "GET") {
    return control_error(Error(Errc::kInvalidArgument, "use GET or PATCH"));
  }
  json::object out = recording_document(*recording, recording->status, world.settings.base_url);
  out["business"] = recording->business;
  out["media"] = describe_media(*recording);
  return ok(std::move(out));
}

Plan rules(World& world, const Request& request) {
  if (request.method == "DELETE") {
    world.rules.clear();
    return no_content();
  }
  if (request.method == "GET") return ok(json::object{{"rules", world.rules.describe()}});
  return post_collection(world, kCollections[3], request);
}

Plan remove_rule(World& world, const Request& request, std::string_view id_text) {
  std::int64_t id = 0;
  std::from_chars(id_text.data(), id_text.data() + id_text.size(), id);
  if (request.method != "DELETE" || !world.rules.remove(id))
    return control_error(Error(Errc::kNotFound, "no such rule"));
  return no_content();
}

Plan read_log(World& world, const Request& request) {
  const std::string_view text = request.query.find("since").value_or("0");
  std::uint64_t since = 0;
  std::from_chars(text.data(), text.data() + text.size(), since);
  return json_plan(200, world.log.since(since, kLogPageLines));
}

void reset_all(World& world) {
  world.directory.clear();
  world.rules.clear();
  world.statistics.reset();
  world.log.forget();
  world.settings.bytes_per_second.reset();
  world.settings.most_downloads_per_account.reset();
  world.settings.most_per_page.reset();
}

Plan settings(World& world, const Request& request) {
  const auto object = parse_object(request.body);
  if (!object) return control_error(object.error());
  const auto changed = stage_settings(world, *object);
  return changed ? no_content() : control_error(changed.error());
}

}  // namespace

Plan control_error(const Error& error) {
  const int status = error.errc() == Errc::kNotFound ? 404 : error.errc() == Errc::kConflict ? 409 : 400;
  return json_plan(status, json::serialize(json::object{{"error", error.detail}}));
}

Plan ControlApi::answer(const Request& request) {
  const auto parts = split(std::string_view(request.path).substr(1), '/');
  const std::string_view name = parts.size() > 1 ? parts[1] : std::string_view();
  const std::string_view item = parts.size() > 2 ? parts[2] : std::string_view();
  const bool is_post = request.method == "POST";
  if (name == "health") return ok(json::object{{"status", "ok"}});
  if (name == "stats" && item.empty()) return ok(world_.statistics.describe());
  if (name == "log") return read_log(world_, request);
  if (name == "rules") return item.empty() ? rules(world_, request) : remove_rule(world_, request, item);
  if (name == "recordings" && !item.empty()) return one_recording(world_, request, item);
  if (is_post && name == "stats" && item == "reset") {
    world_.statistics.reset();
    return no_content();
  }
  if (is_post && name == "reset") {
    reset_all(world_);
    return no_content();
  }
  if (is_post && name == "settings") return settings(world_, request);
  if (is_post && name == "load") {
    const auto loaded = load(request.body);
    return loaded ? no_content() : control_error(loaded.error());
  }
  for (const Collection& collection : kCollections) {
    if (is_post && name == collection.name) return post_collection(world_, collection, request);
  }
  return control_error(Error(Errc::kNotFound, "no such control request; docs/twilio-sim.md lists them"));
}

Result<void> ControlApi::load(std::string_view document) {
  const auto object = parse_object(document);
  if (!object) return fail(object.error());
  Fields fields(*object);
  if (const json::object* values = fields.object("settings"); values != nullptr) {
    const auto changed = stage_settings(world_, *values);
    if (!changed) return changed;
  }
  for (const Collection& collection : kCollections) {
    const json::value* values = fields.any(collection.name);
    if (values == nullptr) continue;
    const auto added = add_all(world_, collection, *values);
    if (!added) return fail(added.error());
  }
  return fields.check();
}

}  // namespace tapedeck::simulator
