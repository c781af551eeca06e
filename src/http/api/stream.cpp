#include <array>
#include <utility>

#include <fmt/format.h>

#include "http/api/authentication.hpp"
#include "http/api/fields.hpp"
#include "http/api/hot_stream.hpp"
#include "http/api/media_response.hpp"
#include "http/api/not_stored.hpp"
#include "http/api/resources.hpp"

namespace tapedeck::http {
namespace {

using boost::beast::http::field;
using boost::beast::http::verb;

// The SID of a stream's path, still to be validated; empty for any other path.
std::string_view stream_sid(std::string_view path) {
  constexpr std::string_view kPrefix = "/api/recordings/";
  constexpr std::string_view kSuffix = "/stream";
  if (!path.starts_with(kPrefix) || !path.ends_with(kSuffix)) return {};
  path.remove_prefix(kPrefix.size());
  path.remove_suffix(std::min(path.size(), kSuffix.size()));
  return path;
}

// True if the browser only guesses what its user may want next (Sec-Purpose; the others are its older names).
bool is_prefetch(const Request& request) {
  const std::string_view purpose = request.header("Sec-Purpose");
  return purpose.find("prefetch") != std::string_view::npos || request.header("Purpose") == "prefetch" ||
         request.header("X-Moz") == "prefetch";
}

std::string file_name(const Recording& recording) {
  const std::string_view extension = recording.audio->content_type == "audio/mpeg" ? "mp3" : "wav";
  const std::string day = recording.recorded_at ? format_rfc3339(*recording.recorded_at).substr(0, 10) + "-" : "";
  return fmt::format("recording-{}{}.{}", day, recording.sid.view(), extension);
}

// Redirects an answer that carries bytes to the object store, if that store can serve them.
Response redirected(const Request& request, const HotRecording& hot, Play& recordings, Response response) {
  if (request.is_head() || !std::holds_alternative<BlobBody>(response.body)) return response;
  std::optional<std::string> link = recordings.direct_link(hot);
  if (!link) return response;
  Response redirect = empty_response(307);
  redirect.headers.emplace_back("Location", std::move(*link));
  return redirect;
}

// The answer for a stored recording. A download is never redirected: the object store does not know the file's name.
Response stored(const Request& request, const HotRecording& hot, const Caller& caller, bool is_download,
                const Dependencies& dependencies, const ApplicationSettings& settings) {
  const StoredAudio& audio = *hot.recording.audio;
  MediaInfo info{.blob = hot.blob,
                 .size = audio.size_bytes,
                 .content_type = audio.content_type,
                 .etag = hot.etag,
                 .last_modified = hot.last_modified,
                 .modified_at = audio.stored_at,
                 .file_name = std::nullopt};
  if (is_download) info.file_name = file_name(hot.recording);
  Response response = media_response(request, info);
  // A page of another origin may embed a link, which is made to be passed on, and nothing else.
  if (caller.kind == Caller::Kind::kLink) response.headers.emplace_back("Cross-Origin-Resource-Policy", "cross-origin");
  const bool has_bytes = !request.is_head() && std::holds_alternative<BlobBody>(response.body);
  if (has_bytes) dependencies.audit.play(caller, hot.recording, is_download);
  if (!settings.redirects_to_audio || is_download) return response;
  return redirected(request, hot, dependencies.recordings, std::move(response));
}

Task<Answer> get_stream(const Exchange& exchange, Sid sid) {
  FieldReader query(exchange.query);
  const bool is_download = query.boolean("download").value_or(false);
  if (query.failed()) co_return query.refusal();

  const bool only_looks = exchange.request.is_head() || is_prefetch(exchange.request);
  const auto act = only_looks ? Play::Act::kLook : Play::Act::kPress;
  auto played = co_await exchange.dependencies.recordings.play(exchange.business, std::move(sid), act);
  if (!played) co_return refuse(played.error());
  if (!played->audio) co_return not_stored(played->view, exchange.dependencies.clock.system_now());
  co_return stored(exchange.request, *played->audio, exchange.caller, is_download, exchange.dependencies,
                   exchange.settings);
}

}  // namespace

std::span<const Route> stream_routes() {
  static constexpr std::array kRoutes{
      Route{verb::get, "/api/recordings/{sid}/stream", Needs::kBusinessOrLink, get_stream},
  };
  return kRoutes;
}

// An operator, a download and a named business take the route.
std::optional<Response> answer_hot_stream(const Request& request, const Dependencies& dependencies,
                                          const ApplicationSettings& settings) {
  if (request.method != verb::get && request.method != verb::head) return std::nullopt;
  const std::string_view sid_text = stream_sid(request.path);
  if (sid_text.empty()) return std::nullopt;
  const Result<Sid> sid = Sid::parse(sid_text);
  if (!sid) return std::nullopt;
  std::optional<Caller> caller;
  if (request.query.empty() && request.header(kBusinessHeader).empty()) {
    caller = dependencies.access.by_cached_key(bearer_key(request));
  } else if (request.header(field::authorization).empty() && request.query.find("sig=") != std::string_view::npos) {
    const Result<Form> query = Form::parse(request.query);
    if (!query || !is_link(*query) || query->find("download")) return std::nullopt;
    std::expected<Caller, Problem> holder = link_holder(dependencies.access, *query, *sid);
    if (holder) caller = std::move(*holder);
  }
  if (!caller || caller->is_operator()) return std::nullopt;
  const std::shared_ptr<const HotRecording> hot = dependencies.hot.find(caller->business, *sid);
  if (!hot) return std::nullopt;
  return stored(request, *hot, *caller, false, dependencies, settings);
}

}  // namespace tapedeck::http
