#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "http/api/fields.hpp"
#include "http/api/resources.hpp"

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

/// An event that the provider signed for a business.
struct SignedEvent {
  BusinessId business;
  const WebhookCodec& codec;
  WebhookRequest request;  ///< borrows the exchange's request
};

// The same refusal for every unverified event, so that nobody learns which businesses exist.
std::unexpected<Problem> not_believed(const WebhookCodec& codec) {
  return refuse(ProblemKind::kForbidden,
                fmt::format("expected an event of this business's provider account, with its {} over PUBLIC_URL and "
                            "the path",
                            codec.signature_header()));
}

Task<std::expected<SignedEvent, Problem>> verified_event(const Exchange& exchange, std::optional<BusinessId> id) {
  const WebhookCodec* codec = exchange.dependencies.find_webhook_codec(provider_in(exchange.request.path));
  if (codec == nullptr) co_return refuse(ProblemKind::kNotFound, "provider: expected one that this server knows");
  std::expected<WebhookRequest, Problem> received = read_request(exchange, exchange.settings.public_url);
  if (!received) co_return refuse(std::move(received.error()));

  std::optional<Business> business;
  if (id) {
    Result<std::optional<Business>> found = co_await exchange.dependencies.businesses.find(*id);
    if (!found) co_return refuse(found.error());
    business = std::move(*found);
  }
  // An unknown business costs the same work as a known one, so that the time tells nothing either.
  const std::string token = business && !business->auth_token.empty() ? business->auth_token : "no token";
  const bool is_signed = codec->is_signed(*received, token);
  if (!is_signed || !business || business->auth_token.empty() || exchange.settings.public_url.empty()) {
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
  SignedEvent event{.business = business->id, .codec = *codec, .request = std::move(*received)};
  co_return event;
}

// Every kind of event: verified, read, and durable before the answer.
template <class Event>
Task<Answer> take(const Exchange& exchange, std::optional<BusinessId> id,
                  Result<Event> (WebhookCodec::*read)(const WebhookRequest&) const,
                  Task<Result<void>> (Webhooks::*deliver)(BusinessId, Event)) {
  std::expected<SignedEvent, Problem> verified = co_await verified_event(exchange, std::move(id));
  if (!verified) co_return refuse(std::move(verified.error()));
  Result<Event> event = (verified->codec.*read)(verified->request);
  if (!event) co_return refuse(event.error());
  const Result<void> taken = co_await (exchange.dependencies.webhooks.*deliver)(verified->business, std::move(*event));
  if (!taken) co_return refuse(taken.error());
  co_return empty_response(204);
}

Task<Answer> take_recording(const Exchange& exchange, std::optional<BusinessId> id) {
  return take(exchange, std::move(id), &WebhookCodec::recording, &Webhooks::recording);
}

Task<Answer> take_call(const Exchange& exchange, std::optional<BusinessId> id) {
  return take(exchange, std::move(id), &WebhookCodec::call, &Webhooks::call);
}

}  // namespace

std::span<const Route> webhook_routes() {
  static constexpr std::array kRoutes{
      Route{verb::post, "/webhooks/twilio/{business_id}/recording", Needs::kNothing, take_recording},
      Route{verb::get, "/webhooks/twilio/{business_id}/recording", Needs::kNothing, take_recording, false},
      Route{verb::post, "/webhooks/twilio/{business_id}/call", Needs::kNothing, take_call},
      Route{verb::get, "/webhooks/twilio/{business_id}/call", Needs::kNothing, take_call, false},
  };
  return kRoutes;
}

}  // namespace tapedeck::http
