#include <array>
#include <utility>

#include "http/api/fields.hpp"
#include "http/api/resources.hpp"
#include "http/api/twilio_event.hpp"
#include "provider/twilio/twilio_signature.hpp"

namespace tapedeck::http {
namespace {

using boost::beast::http::field;
using boost::beast::http::verb;

constexpr std::string_view kSignatureHeader = "X-Twilio-Signature";
constexpr std::string_view kFormType = "application/x-www-form-urlencoded";

/// What the provider signed for a business.
struct SignedEvent {
  Business business;
  Form form;
};

// The same refusal for every unverified event, so that nobody learns which businesses exist.
std::unexpected<Problem> not_believed() {
  return refuse(ProblemKind::kForbidden,
                "expected an event of this business's provider account, with its X-Twilio-Signature over PUBLIC_URL "
                "and the path");
}

Task<std::expected<SignedEvent, Problem>> verified_event(const Exchange& exchange, std::optional<BusinessId> id) {
  const Request& request = exchange.request;
  TwilioRequest received;
  received.url = exchange.settings.public_url;
  received.url.append(request.target);
  const std::string type = media_type(request.header(field::content_type));
  received.has_form = request.method == verb::post && (type == kFormType || request.body.empty());
  if (received.has_form) {
    Result<Form> form = Form::parse(request.body);
    if (!form) co_return refuse_field("body", form.error().detail);
    received.form = std::move(*form);
  } else {
    received.body = request.body;
  }

  std::optional<Business> business;
  if (id) {
    Result<std::optional<Business>> found = co_await exchange.dependencies.businesses.find(*id);
    if (!found) co_return refuse(found.error());
    business = std::move(*found);
  }
  // An unknown business costs the same work as a known one, so that the time tells nothing either.
  const std::string token = business && !business->auth_token.empty() ? business->auth_token : "no token";
  const bool is_signed = is_signed_by_twilio(token, request.header(kSignatureHeader), received);
  if (!is_signed || !business || business->auth_token.empty() || exchange.settings.public_url.empty()) {
    co_return not_believed();
  }
  Form form = exchange.query;
  if (received.has_form) form = std::move(received.form);
  if (!received.has_form && !request.body.empty()) {
    std::expected<Form, Problem> json = form_of_json(request);
    if (!json) co_return refuse(std::move(json.error()));
    form = std::move(*json);
  }
  const Result<AccountSid> account = AccountSid::parse(form.find("AccountSid").value_or(""));
  if (!account) co_return refuse_field("AccountSid", account.error().detail);
  if (*account != business->account) co_return not_believed();
  SignedEvent event{.business = std::move(*business), .form = std::move(form)};
  co_return event;
}

// Every kind of event: verified, read, and durable before the answer.
template <class Event>
Task<Answer> take(const Exchange& exchange, std::optional<BusinessId> id,
                  std::expected<Event, Problem> (*read)(const Form&),
                  Task<Result<void>> (Webhooks::*deliver)(BusinessId, Event)) {
  std::expected<SignedEvent, Problem> verified = co_await verified_event(exchange, std::move(id));
  if (!verified) co_return refuse(std::move(verified.error()));
  std::expected<Event, Problem> event = read(verified->form);
  if (!event) co_return refuse(std::move(event.error()));
  const Result<void> taken =
      co_await (exchange.dependencies.webhooks.*deliver)(verified->business.id, std::move(*event));
  if (!taken) co_return refuse(taken.error());
  co_return empty_response(204);
}

Task<Answer> take_recording(const Exchange& exchange, std::optional<BusinessId> id) {
  return take(exchange, std::move(id), read_recording_event, &Webhooks::recording);
}

Task<Answer> take_call(const Exchange& exchange, std::optional<BusinessId> id) {
  return take(exchange, std::move(id), read_call_event, &Webhooks::call);
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
