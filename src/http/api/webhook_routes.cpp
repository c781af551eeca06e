#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "http/api/application.hpp"
#include "http/api/fields.hpp"

namespace tapedeck::http {
namespace {

using boost::beast::http::field;
using boost::beast::http::verb;

constexpr std::string_view kFormType = "application/x-www-form-urlencoded";
constexpr std::string_view kPathPrefix = "/webhooks/";

// "twilio" of "/webhooks/twilio/{business_id}/call"
std::string_view provider_in(std::string_view path) {
  path.remove_prefix(std::min(path.size(), kPathPrefix.size()));
  return path.substr(0, path.find('/'));
}

std::expected<WebhookRequest, Problem> read_request(const Exchange& exchange, const std::string& public_url) {
  const Request& request = exchange.request;
  WebhookRequest received;
  received.url = public_url;
  received.url.append(request.target);
  received.query = exchange.query;
  received.header = [&request](std::string_view name) { return request.header(name); };
  const std::string type = media_type(request.header(field::content_type));
  received.has_form = request.method == verb::post && (type == kFormType || request.body.empty());
  if (!received.has_form) {
    received.body = request.body;
    return received;
  }
  Result<Form> form = Form::parse(request.body);
  if (!form) return refuse_field("body", form.error().detail);
  received.form = std::move(*form);
  return received;
}

// One answer for every reason not to believe an event, so that nobody learns which businesses exist.
std::unexpected<Problem> not_believed(const WebhookCodec& codec) {
  return refuse(ProblemKind::kForbidden,
                fmt::format("expected an event of this business's provider account, with its {} over PUBLIC_URL and "
                            "the path",
                            codec.signature_header()));
}

}  // namespace

Task<std::expected<Application::Webhook, Problem>> Application::verified_webhook(const Exchange& exchange) {
  const WebhookCodec* codec = services_.find_webhook_codec(provider_in(exchange.request.path));
  if (codec == nullptr) co_return refuse(ProblemKind::kNotFound, "provider: expected one that this server knows");
  std::expected<WebhookRequest, Problem> received = read_request(exchange, settings_.public_url);
  if (!received) co_return refuse(std::move(received.error()));

  const Result<BusinessId> id = BusinessId::parse(exchange.parameter);
  std::optional<Business> business;
  if (id) {
    Result<std::optional<Business>> found = co_await services_.businesses.find(*id);
    if (!found) co_return refuse(found.error());
    business = std::move(*found);
  }
  // An unknown business costs the same work as a known one, so that the time tells nothing either.
  const std::string token = business && !business->auth_token.empty() ? business->auth_token : "no token";
  const bool is_signed = codec->is_signed(*received, token);
  if (!is_signed || !business || business->auth_token.empty() || settings_.public_url.empty()) {
    co_return not_believed(*codec);
  }
  if (!received->has_form && !received->body.empty()) {
    std::expected<boost::json::object, Problem> json = parse_json_body(exchange.request, true);
    if (!json) co_return refuse(std::move(json.error()));
    received->json = std::move(*json);
  }
  const Result<AccountSid> account = codec->account(*received);
  if (!account) co_return refuse(account.error());
  if (*account != business->account) co_return not_believed(*codec);
  Webhook webhook{.business = business->id, .codec = *codec, .request = std::move(*received)};
  co_return webhook;
}

Task<Answer> Application::post_recording_event(const Exchange& exchange) {
  std::expected<Webhook, Problem> webhook = co_await verified_webhook(exchange);
  if (!webhook) co_return refuse(std::move(webhook.error()));
  Result<RecordingAnnouncement> announcement = webhook->codec.recording(webhook->request);
  if (!announcement) co_return refuse(announcement.error());
  const Result<void> taken = co_await services_.webhooks.recording(webhook->business, std::move(*announcement));
  if (!taken) co_return refuse(taken.error());
  co_return empty_response(204);
}

Task<Answer> Application::post_call_event(const Exchange& exchange) {
  std::expected<Webhook, Problem> webhook = co_await verified_webhook(exchange);
  if (!webhook) co_return refuse(std::move(webhook.error()));
  Result<CallUpdate> update = webhook->codec.call(webhook->request);
  if (!update) co_return refuse(update.error());
  const Result<void> taken = co_await services_.webhooks.call(webhook->business, std::move(*update));
  if (!taken) co_return refuse(taken.error());
  co_return empty_response(204);
}

}  // namespace tapedeck::http
