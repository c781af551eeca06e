#include <array>
#include <utility>

#include <fmt/format.h>

#include "http/api/application.hpp"
#include "http/api/fields.hpp"
#include "http/api/media_response.hpp"
#include "http/api/views.hpp"
#include "slots/queue_json.hpp"

namespace tapedeck::http {
namespace {

using boost::beast::http::field;
using boost::beast::http::verb;

constexpr int kQueueItemsDefault = 200;
constexpr int kQueueItemsMax = 1000;

constexpr std::string_view kRecordingPrefix = "/api/recordings/";
constexpr std::string_view kStreamSuffix = "/stream";

// The SID of a stream's path, still to be validated; empty for any other path.
std::string_view stream_sid(std::string_view path) {
  if (!path.starts_with(kRecordingPrefix) || !path.ends_with(kStreamSuffix)) return {};
  path.remove_prefix(kRecordingPrefix.size());
  if (path.size() != kTwilioSidLength + kStreamSuffix.size()) return {};
  return path.substr(0, kTwilioSidLength);
}

// A browser that guesses what its user may want next (Sec-Purpose; the others are its older names).
bool is_prefetch(const Request& request) {
  const std::string_view purpose = request.header("Sec-Purpose");
  return purpose.find("prefetch") != std::string_view::npos || request.header("Purpose") == "prefetch" ||
         request.header("X-Moz") == "prefetch";
}

// A play is asked for from its beginning; what follows are seeks and refills.
bool begins_at_zero(const Response& response) {
  const BlobBody* audio = std::get_if<BlobBody>(&response.body);
  return audio != nullptr && audio->offset == 0;
}

std::string file_name(const Recording& recording) {
  const std::string_view extension = recording.audio->content_type == "audio/mpeg" ? "mp3" : "wav";
  const std::string day = recording.recorded_at ? format_rfc3339(*recording.recorded_at).substr(0, 10) + "-" : "";
  return fmt::format("recording-{}{}.{}", day, recording.sid.view(), extension);
}

Problem gone(const Recording& recording) {
  Problem problem{.kind = ProblemKind::kGone,
                  .detail = recording.state == RecordingState::kDeleted ? "The recording was deleted."
                                                                        : "The provider has no such recording."};
  problem.more["state"] = state_name(recording.state);
  if (recording.cause) problem.more["cause"] = cause_json(*recording.cause);
  return problem;
}

Problem failed(const Recording& recording) {
  Problem problem{.kind = ProblemKind::kRecordingFailed, .detail = "The recording could not be fetched."};
  problem.more["state"] = state_name(recording.state);
  problem.more["attempts"] = recording.attempts;
  if (recording.cause) {
    problem.detail = recording.cause->detail;
    problem.more["cause"] = cause_json(*recording.cause);
  }
  return problem;
}

}  // namespace

// The hot path: whatever is unusual (an operator, a download, a business that is named) goes the long way.
std::optional<Response> Application::try_handle(const Request& request) {
  if (request.method != verb::get && request.method != verb::head) return std::nullopt;
  const std::string_view sid_text = stream_sid(request.path);
  if (sid_text.empty()) return std::nullopt;
  const Result<Sid> sid = Sid::parse(sid_text);
  if (!sid) return std::nullopt;
  std::optional<Caller> caller;
  if (request.query.empty() && request.header(kBusinessHeader).empty()) {
    caller = services_.access.by_cached_key(bearer_key(request));
  } else if (request.header(field::authorization).empty() && request.query.find("sig=") != std::string_view::npos) {
    const Result<Form> query = Form::parse(request.query);
    if (!query || !is_link(*query) || query->find("download")) return std::nullopt;
    std::expected<Caller, Problem> holder = authentication_.link_holder(*query, *sid);
    if (holder) caller = std::move(*holder);
  }
  if (!caller || caller->is_operator()) return std::nullopt;
  const std::shared_ptr<const HotRecording> hot = services_.hot.find(caller->business, *sid);
  if (!hot) return std::nullopt;
  Response response = media(request, *hot, *caller, false);
  complete(request, response);
  return response;
}

Response Application::media(const Request& request, const HotRecording& hot, const Caller& caller, bool download) {
  const StoredAudio& audio = *hot.recording.audio;
  MediaInfo info{.blob = hot.blob,
                 .size = audio.size_bytes,
                 .content_type = audio.content_type,
                 .etag = hot.etag,
                 .last_modified = hot.last_modified,
                 .modified_at = audio.stored_at,
                 .file_name = std::nullopt};
  if (download) info.file_name = file_name(hot.recording);
  Response response = media_response(request, info);
  if (!request.is_head() && begins_at_zero(response)) {
    services_.audit.play(caller, hot.recording, download);
  }
  if (settings_.redirects_to_audio && !download) return redirected(request, hot, std::move(response));
  return response;
}

// Only what carries bytes is sent elsewhere. A download is not: the store of the audio does not know its file's name.
Response Application::redirected(const Request& request, const HotRecording& hot, Response response) {
  if (request.is_head() || !std::holds_alternative<BlobBody>(response.body)) return response;
  auto link = services_.recordings.direct_link(hot);
  if (!link) return response;
  Response redirect = empty_response(307);
  redirect.headers.emplace_back("Location", std::move(*link));
  return redirect;
}

Task<Answer> Application::get_stream(const Exchange& exchange) {
  const Result<Sid> sid = Sid::parse(exchange.parameter);
  if (!sid) co_return refuse_field("sid", sid.error().detail);
  FieldReader query(exchange.query);
  const bool download = query.boolean("download").value_or(false);
  if (query.failed()) co_return query.refusal();

  const bool only_looks = exchange.request.is_head() || is_prefetch(exchange.request);
  const auto intent = only_looks ? Recordings::Intent::kLook : Recordings::Intent::kPress;
  auto played = co_await services_.recordings.play(exchange.business, *sid, intent);
  if (!played) co_return refuse(played.error());
  if (!played->audio) co_return not_stored(played->view);
  co_return media(exchange.request, *played->audio, exchange.caller, download);
}

Answer Application::not_stored(const RecordingView& view) const {
  switch (view.recording.state) {
    case RecordingState::kFailed:
      return refuse(failed(view.recording));
    case RecordingState::kAbsent:
    case RecordingState::kDeleted:
      return refuse(gone(view.recording));
    default:
      break;
  }
  const Standing standing = standing_of(view);
  Response response = json_response(202, waiting_json(standing));
  if (const auto wait = retry_after(standing, services_.clock.system_now())) {
    response.headers.emplace_back("Retry-After", std::to_string(wait->count()));
  }
  return response;
}

Task<Answer> Application::get_status(const Exchange& exchange) {
  const Result<Sid> sid = Sid::parse(exchange.parameter);
  if (!sid) co_return refuse_field("sid", sid.error().detail);
  const Result<RecordingView> view = co_await services_.recordings.look(exchange.business, *sid);
  if (!view) co_return refuse(view.error());
  Response response = json_response(200, status_json(*view));
  if (const auto wait = retry_after(standing_of(*view), services_.clock.system_now())) {
    response.headers.emplace_back("Retry-After", std::to_string(wait->count()));
  }
  co_return response;
}

Task<Answer> Application::post_retry(const Exchange& exchange) {
  const Result<Sid> sid = Sid::parse(exchange.parameter);
  if (!sid) co_return refuse_field("sid", sid.error().detail);
  const Result<RecordingView> view = co_await services_.recordings.retry(exchange.business, *sid);
  if (!view) co_return refuse(view.error());
  services_.audit.add(exchange.caller, exchange.business, "retry", view->recording.sid.view());
  if (view->recording.state == RecordingState::kStored) co_return json_response(200, status_json(*view));
  co_return not_stored(*view);
}

Task<Answer> Application::post_cancel(const Exchange& exchange) {
  const Result<Sid> sid = Sid::parse(exchange.parameter);
  if (!sid) co_return refuse_field("sid", sid.error().detail);
  const Result<RecordingView> view = co_await services_.recordings.cancel(exchange.business, *sid);
  if (!view) co_return refuse(view.error());
  services_.audit.add(exchange.caller, exchange.business, "cancel", view->recording.sid.view());
  co_return json_response(200, status_json(*view));
}

Task<Answer> Application::post_link(const Exchange& exchange) {
  const Result<Sid> sid = Sid::parse(exchange.parameter);
  if (!sid) co_return refuse_field("sid", sid.error().detail);
  Seconds ttl = kLinkTtlDefault;
  if (!exchange.request.body.empty()) {
    const auto body = parse_json_body(exchange.request);
    if (!body) co_return refuse(body.error());
    FieldReader fields(*body);
    ttl = Seconds{fields.integer("expires_in", 1, kLinkTtlMax.count()).value_or(kLinkTtlDefault.count())};
    if (fields.failed()) co_return fields.refusal();
  }
  const Result<RecordingView> view = co_await services_.recordings.look(exchange.business, *sid);
  if (!view) co_return refuse(view.error());
  if (view->recording.state == RecordingState::kDeleted) co_return refuse(gone(view->recording));
  const SignedLink link = services_.access.sign_link(exchange.business, *sid, ttl);
  services_.audit.add(exchange.caller, exchange.business, "link", view->recording.sid.view());
  const std::string url =
      fmt::format("{}{}{}{}?{}={}&exp={}&sig={}", settings_.public_url, kRecordingPrefix, sid->view(), kStreamSuffix,
                  kBusinessParameter, exchange.business.view(), link.expires, link.signature);
  const SystemTime expires_at{Seconds{link.expires}};
  co_return json_response(200, {{"url", url}, {"expires_at", format_rfc3339(expires_at)}});
}

Task<Answer> Application::post_hold(const Exchange& exchange) {
  const Result<Sid> sid = Sid::parse(exchange.parameter);
  if (!sid) co_return refuse_field("sid", sid.error().detail);
  const auto body = parse_json_body(exchange.request);
  if (!body) co_return refuse(body.error());
  FieldReader fields(*body);
  std::optional<std::string> reason = fields.text("reason", kHoldReasonMax);
  if (!fields.failed() && (!reason || reason->empty()))
    fields.refuse_value("reason", "expected a text: why it is held");
  if (fields.failed()) co_return fields.refusal();
  const std::string why = *reason;
  const Result<RecordingView> view = co_await services_.recordings.hold(exchange.business, *sid, std::move(reason));
  if (!view) co_return refuse(view.error());
  services_.audit.add(exchange.caller, exchange.business, "hold", view->recording.sid.view(), why);
  co_return json_response(200, status_json(*view));
}

Task<Answer> Application::delete_hold(const Exchange& exchange) {
  const Result<Sid> sid = Sid::parse(exchange.parameter);
  if (!sid) co_return refuse_field("sid", sid.error().detail);
  const Result<RecordingView> view = co_await services_.recordings.hold(exchange.business, *sid, std::nullopt);
  if (!view) co_return refuse(view.error());
  services_.audit.add(exchange.caller, exchange.business, "release", view->recording.sid.view());
  co_return empty_response(204);
}

Task<Answer> Application::delete_recording(const Exchange& exchange) {
  const Result<Sid> sid = Sid::parse(exchange.parameter);
  if (!sid) co_return refuse_field("sid", sid.error().detail);
  const Result<void> removed = co_await services_.recordings.remove(exchange.business, *sid);
  if (!removed) co_return refuse(removed.error());
  services_.audit.add(exchange.caller, exchange.business, "delete", sid->view());
  co_return empty_response(204);
}

Task<Answer> Application::get_queue(const Exchange& exchange) {
  FieldReader query(exchange.query);
  const auto most = query.integer("limit", 1, kQueueItemsMax).value_or(kQueueItemsDefault);
  if (query.failed()) co_return query.refusal();
  const Result<QueueState> view = co_await services_.recordings.queue(exchange.business, static_cast<int>(most));
  if (!view) co_return refuse(view.error());
  co_return json_response(200, queue_json(*view));
}

}  // namespace tapedeck::http
