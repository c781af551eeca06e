#include "stage.hpp"

#include <chrono>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "fields.hpp"

namespace tapedeck::simulator {

namespace json = boost::json;

namespace {

constexpr double kMostDurationSeconds = 86'400;
constexpr std::int64_t kMostBytesPerSecond = std::int64_t{1} << 40;
constexpr std::int64_t kMostDownloads = 1'000'000;
constexpr std::int64_t kMostPerPage = 1'000;

SystemTime read_time(Fields& fields, std::string_view name) {
  const auto now = std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
  const std::string text = fields.text(name);
  if (text.empty()) return now;
  const auto time = parse_rfc3339(text);
  if (!time) fields.reject(fmt::format("\"{}\" must be a time such as 2026-11-23T12:00:00Z", name));
  return time.value_or(now);
}

Milliseconds read_duration(Fields& fields, double fallback_s) {
  return Milliseconds(
      static_cast<std::int64_t>(fields.number("duration_s", fallback_s, 0, kMostDurationSeconds) * 1000));
}

std::string read_status(Fields& fields, std::string_view fallback) {
  return fields.choice("status",
                       {"in-progress", "paused", "stopped", "processing", "completed", "absent", "deleted", "failed"},
                       fallback);
}

Result<void> read_files(World& world, Fields& fields, Recording& recording) {
  const json::object* files = fields.object("files");
  if (files == nullptr) return {};
  Fields names(*files);
  for (const std::string_view kind : {"mp3", "mp3_1", "mp3_2", "wav", "wav_1", "wav_2"}) {
    const std::string name = names.text(kind);
    if (name.empty()) continue;
    auto file = world.directory.audio_file(name);
    if (!file) return fail(file.error());
    recording.files.emplace(kind, *std::move(file));
  }
  return names.check();
}

}  // namespace

Result<json::value> stage_account(World& world, const json::object& object) {
  Fields fields(object);
  Account account;
  account.sid = fields.sid("sid", "AC", true);
  account.token = fields.text("token");
  account.parent = fields.sid("parent", "AC");
  account.friendly_name = fields.text("friendly_name");
  account.business = fields.text("business");
  if (account.token.empty()) fields.reject("\"token\" must not be empty");
  if (const json::object* keys = fields.object("keys"); keys != nullptr) {
    Fields secrets(*keys);
    for (const auto& member : *keys) {
      const std::string key_sid(member.key());
      account.keys[key_sid] = secrets.text(key_sid);
    }
    if (auto problem = secrets.problem()) fields.reject(*std::move(problem));
  }
  const auto checked = fields.check();
  if (!checked) return fail(checked.error());
  json::object out{{"sid", account.sid}};
  world.directory.put_account(std::move(account));
  return json::value(std::move(out));
}

Result<json::value> stage_call(World& world, const json::object& object) {
  Fields fields(object);
  Call call;
  call.sid = fields.sid("sid", "CA");
  call.account = fields.sid("account", "AC", true);
  call.from = fields.text("from");
  call.to = fields.text("to");
  call.direction = fields.choice("direction", {"inbound", "outbound"}, "inbound");
  call.status = fields.text("status", "completed");
  call.started_at = read_time(fields, "started_at");
  call.duration = std::chrono::ceil<Seconds>(read_duration(fields, 0));
  const auto checked = fields.check();
  if (!checked) return fail(checked.error());
  const auto added = world.directory.put_call(std::move(call));
  if (!added) return fail(added.error());
  return json::value{{"sid", (*added)->sid}, {"account", (*added)->account}};
}

Result<json::value> stage_recordings(World& world, const json::object& object) {
  Fields fields(object);
  Recording recording;
  recording.sid = fields.sid("sid", "RE");
  recording.account = fields.sid("account", "AC", true);
  recording.call = fields.sid("call", "CA");
  recording.business = fields.text("business");
  recording.status = read_status(fields, "completed");
  recording.source = fields.text("source", "StartCallRecordingAPI");
  recording.track = fields.choice("track", {"both", "inbound", "outbound"}, "both");
  recording.channels = static_cast<int>(fields.integer("channels", 1, 1, 2));
  recording.duration = read_duration(fields, 5);
  recording.created_at = read_time(fields, "created_at");
  recording.error_code = fields.optional_integer("error_code", 0, 999'999);
  const std::int64_t count = fields.integer("count", 1, 1, kMaxBulkCount);
  const Seconds spacing(fields.integer("spacing_s", 0, 0, 86'400));
  if (count > 1 && !recording.sid.empty()) fields.reject("\"count\" and \"sid\" do not go together");
  const auto files_read = read_files(world, fields, recording);
  if (!files_read) return fail(files_read.error());
  const auto checked = fields.check();
  if (!checked) return fail(checked.error());
  json::array out;
  for (std::int64_t i = 0; i < count; ++i) {
    Recording next = recording;
    next.created_at -= spacing * (count - 1 - i);
    const auto added = world.directory.add_recording(std::move(next));
    if (!added) return fail(added.error());
    const Recording& made = **added;
    out.push_back({{"sid", made.sid}, {"call", made.call}, {"account", made.account}, {"business", made.business}});
  }
  return json::value(std::move(out));
}

Result<json::value> stage_rule(World& world, const json::object& object) {
  const auto id = world.rules.add(object);
  if (!id) return fail(id.error());
  return json::value{{"id", *id}};
}

Result<void> stage_settings(World& world, const json::object& object) {
  Fields fields(object);
  Settings settings = world.settings;
  if (fields.has("bytes_per_second")) {
    const auto rate = fields.optional_integer("bytes_per_second", 1, kMostBytesPerSecond);
    settings.bytes_per_second = rate ? std::optional(static_cast<std::uint64_t>(*rate)) : std::nullopt;
  }
  if (fields.has("most_downloads_per_account")) {
    const auto most = fields.optional_integer("most_downloads_per_account", 0, kMostDownloads);
    settings.most_downloads_per_account = most ? std::optional(static_cast<std::uint64_t>(*most)) : std::nullopt;
  }
  if (fields.has("most_per_page")) {
    const auto most = fields.optional_integer("most_per_page", 1, kMostPerPage);
    settings.most_per_page = most ? std::optional(static_cast<std::uint64_t>(*most)) : std::nullopt;
  }
  // Read again, so that none of them counts as unread when one is missing.
  fields.any("bytes_per_second");
  fields.any("most_downloads_per_account");
  fields.any("most_per_page");
  const auto checked = fields.check();
  if (checked) world.settings = std::move(settings);
  return checked;
}

Result<void> change_recording(Recording& recording, const json::object& object) {
  Fields fields(object);
  const std::string status = read_status(fields, recording.status);
  const auto error_code = fields.optional_integer("error_code", 0, 999'999);
  const auto checked = fields.check();
  if (!checked) return checked;
  recording.status = status;
  if (error_code) recording.error_code = error_code;
  return {};
}

}  // namespace tapedeck::simulator
