#include <utility>

#include "http/api/application.hpp"
#include "http/api/fields.hpp"
#include "http/api/twilio_event.hpp"
#include "provider/twilio/twilio_signature.hpp"

namespace tapedeck::http {
namespace {

using boost::beast::http::field;
using boost::beast::http::verb;

constexpr std::string_view kSignatureHeader = "X-Twilio-Signature";
constexpr std::string_view kFormType = "application/x-www-form-urlencoded";

// One answer for every reason not to believe an event, so that nobody learns which businesses exist.
std::unexpected<Problem> not_believed() {
  return refuse(ProblemKind::kForbidden,
                "expected an event of this business's provider account, with its X-Twilio-Signature over PUBLIC_URL "
                "and the path");
}

}  // namespace

Task<std::expected<Application::TwilioEvent, Problem>> Application::verified_event(const Exchange& exchange) {
  const Request& request = exchange.request;
  TwilioRequest received;
  received.url = settings_.public_url;
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

  const Result<BusinessId> id = BusinessId::parse(exchange.parameter);
  std::optional<Business> business;
  if (id) {
    Result<std::optional<Business>> found = co_await services_.businesses.find(*id);
    if (!found) co_return refuse(found.error());
    business = std::move(*found);
  }
  // An unknown business costs the same work as a known one: the time tells nothing, either.
  const std::string token = business && !business->auth_token.empty() ? business->auth_token : "no token";
  const bool is_signed = is_signed_by_twilio(token, request.header(kSignatureHeader), received);
  if (!is_signed || !business || business->auth_token.empty() || settings_.public_url.empty()) {
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
  TwilioEvent event{.business = std::move(*business), .form = std::move(form)};
  co_return event;
}

Task<Answer> Application::twilio_recording(const Exchange& exchange) {
  std::expected<TwilioEvent, Problem> event = co_await verified_event(exchange);
  if (!event) co_return refuse(std::move(event.error()));
  std::expected<RecordingAnnouncement, Problem> announcement = read_recording_event(event->form);
  if (!announcement) co_return refuse(std::move(announcement.error()));
  const Result<void> taken = co_await services_.webhooks.recording(event->business.id, std::move(*announcement));
  if (!taken) co_return refuse(taken.error());
  co_return empty_response(204);
}

Task<Answer> Application::twilio_call(const Exchange& exchange) {
  std::expected<TwilioEvent, Problem> event = co_await verified_event(exchange);
  if (!event) co_return refuse(std::move(event.error()));
  std::expected<CallUpdate, Problem> update = read_call_event(event->form);
  if (!update) co_return refuse(std::move(update.error()));
  const Result<void> taken = co_await services_.webhooks.call(event->business.id, std::move(*update));
  if (!taken) co_return refuse(taken.error());
  co_return empty_response(204);
}

}  // namespace tapedeck::http
