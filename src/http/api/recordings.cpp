#include <array>
#include <utility>

#include <fmt/format.h>

#include "http/api/authentication.hpp"
#include "http/api/fields.hpp"
#include "http/api/not_stored.hpp"
#include "http/api/resources.hpp"
#include "http/api/views.hpp"

namespace tapedeck::http {
namespace {

using boost::beast::http::verb;

// Writes into the audit who did what to a recording.
void audit(const Exchange& exchange, std::string_view action, const RecordingView& view, std::string_view detail = {}) {
  exchange.dependencies.audit.add(exchange.caller, exchange.business, action, view.recording.sid.view(), detail);
}

Task<Answer> get_status(const Exchange& exchange, Sid sid) {
  const auto view = co_await exchange.dependencies.recordings.look(exchange.business, std::move(sid));
  if (!view) co_return refuse(view.error());
  Response response = json_response(200, status_json(*view));
  add_retry_after(response, retry_after(public_state_of(*view), exchange.dependencies.clock.system_now()));
  co_return response;
}

Task<Answer> post_retry(const Exchange& exchange, Sid sid) {
  const auto view = co_await exchange.dependencies.recordings.retry(exchange.business, std::move(sid));
  if (!view) co_return refuse(view.error());
  audit(exchange, "retry", *view);
  if (view->recording.state == RecordingState::kStored) co_return json_response(200, status_json(*view));
  co_return not_stored(*view, exchange.dependencies.clock.system_now());
}

Task<Answer> post_cancel(const Exchange& exchange, Sid sid) {
  const auto view = co_await exchange.dependencies.recordings.cancel(exchange.business, std::move(sid));
  if (!view) co_return refuse(view.error());
  audit(exchange, "cancel", *view);
  co_return json_response(200, status_json(*view));
}

std::expected<Seconds, Problem> read_link_ttl(const Request& request) {
  if (request.body.empty()) return kLinkTtlDefault;
  const auto body = parse_json_body(request);
  if (!body) return refuse(body.error());
  FieldReader fields(*body);
  const auto seconds = fields.integer("expires_in", 1, kLinkTtlMax.count()).value_or(kLinkTtlDefault.count());
  if (fields.failed()) return fields.refusal();
  return Seconds{seconds};
}

Task<Answer> post_link(const Exchange& exchange, Sid sid) {
  const std::expected<Seconds, Problem> ttl = read_link_ttl(exchange.request);
  if (!ttl) co_return refuse(ttl.error());
  const auto view = co_await exchange.dependencies.recordings.look(exchange.business, sid);
  if (!view) co_return refuse(view.error());
  if (view->recording.state == RecordingState::kDeleted) co_return refuse(gone(view->recording));
  const SignedLink link = exchange.dependencies.access.sign_link(exchange.business, sid, *ttl);
  audit(exchange, "link", *view);
  const std::string url =
      fmt::format("{}/api/recordings/{}/stream?{}={}&exp={}&sig={}", exchange.settings.public_url, sid.view(),
                  kBusinessParameter, exchange.business.view(), link.expires, link.signature);
  const SystemTime expires_at{Seconds{link.expires}};
  co_return json_response(200, {{"url", url}, {"expires_at", format_rfc3339(expires_at)}});
}

std::expected<std::string, Problem> read_hold_reason(const Request& request) {
  const auto body = parse_json_body(request);
  if (!body) return refuse(body.error());
  FieldReader fields(*body);
  std::optional<std::string> reason = fields.text("reason", kHoldReasonMax);
  if (!reason || reason->empty()) fields.refuse_value("reason", "expected a text: the reason of the hold");
  if (fields.failed()) return fields.refusal();
  return std::move(*reason);
}

Task<Answer> post_hold(const Exchange& exchange, Sid sid) {
  const std::expected<std::string, Problem> reason = read_hold_reason(exchange.request);
  if (!reason) co_return refuse(reason.error());
  std::optional<std::string> given = *reason;
  const auto view = co_await exchange.dependencies.recordings.hold(exchange.business, std::move(sid), std::move(given));
  if (!view) co_return refuse(view.error());
  audit(exchange, "hold", *view, *reason);
  co_return json_response(200, status_json(*view));
}

Task<Answer> delete_hold(const Exchange& exchange, Sid sid) {
  const auto view = co_await exchange.dependencies.recordings.hold(exchange.business, std::move(sid), std::nullopt);
  if (!view) co_return refuse(view.error());
  audit(exchange, "release", *view);
  co_return empty_response(204);
}

Task<Answer> delete_recording(const Exchange& exchange, Sid sid) {
  const Result<Recording> removed = co_await exchange.dependencies.recordings.remove(exchange.business, std::move(sid));
  if (!removed) co_return refuse(removed.error());
  exchange.dependencies.audit.add(exchange.caller, exchange.business, "delete", removed->sid.view());
  co_return empty_response(204);
}

}  // namespace

std::span<const Route> recording_routes() {
  static constexpr std::array kRoutes{
      Route{verb::get, "/api/recordings/{sid}/status", Needs::kBusiness, get_status},
      Route{verb::post, "/api/recordings/{sid}/retry", Needs::kBusiness, post_retry},
      Route{verb::post, "/api/recordings/{sid}/cancel", Needs::kBusiness, post_cancel},
      Route{verb::post, "/api/recordings/{sid}/link", Needs::kBusiness, post_link},
      Route{verb::post, "/api/recordings/{sid}/hold", Needs::kBusiness, post_hold},
      Route{verb::delete_, "/api/recordings/{sid}/hold", Needs::kBusiness, delete_hold},
      Route{verb::delete_, "/api/recordings/{sid}", Needs::kBusiness, delete_recording},
  };
  return kRoutes;
}

}  // namespace tapedeck::http
