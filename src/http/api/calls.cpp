#include <array>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "http/api/call_cursor.hpp"
#include "http/api/fields.hpp"
#include "http/api/resources.hpp"
#include "http/api/views.hpp"

namespace tapedeck::http {
namespace {

using boost::beast::http::verb;

constexpr int kCallPageDefault = 50;
constexpr std::size_t kSearchMax = 100;
constexpr std::size_t kPartyMax = 256;
constexpr std::int64_t kDurationMaxSeconds = 7 * 24 * 3600;

std::optional<int> duration(FieldReader& fields) {
  const auto seconds = fields.integer("duration", 0, kDurationMaxSeconds);
  return seconds ? std::optional<int>(static_cast<int>(*seconds)) : std::nullopt;
}

std::expected<CallQuery, Problem> read_query(const Form& form) {
  FieldReader fields(form);
  CallQuery query;
  query.limit = static_cast<int>(fields.integer("limit", 1, kCallPageMax).value_or(kCallPageDefault));
  query.search = fields.text("search", kSearchMax).value_or("");
  query.direction = fields.direction("direction");
  query.since = fields.time("since");
  query.until = fields.time("until");
  if (const std::optional<std::string> cursor = fields.text("cursor", kSearchMax)) {
    const Result<CursorPlace> place = parse_cursor(*cursor);
    if (place) {
      query.cursor = CallCursor{place->time, place->row_id};
    } else {
      fields.refuse_value("cursor", place.error().detail);
    }
  }
  if (fields.failed()) return fields.refusal();
  return query;
}

std::expected<RecordingUpdate, Problem> read_recording(const boost::json::object& object) {
  FieldReader fields(object, "recording.");
  std::optional<RecordingSid> sid = fields.id<RecordingSid>("sid");
  if (!sid) fields.refuse_value("sid", RecordingKind::kExpected);
  std::optional<AccountSid> account = fields.id<AccountSid>("account_sid");
  const std::optional<int> seconds = duration(fields);
  if (fields.failed()) return fields.refusal();
  return RecordingUpdate{
      .recording = std::move(*sid), .account = std::move(account).value_or(AccountSid{}), .duration_seconds = seconds};
}

std::expected<CallUpdate, Problem> read_update(CallSid call, const boost::json::object& object) {
  FieldReader fields(object);
  CallUpdate update;
  update.call = std::move(call);
  update.from = fields.text("from", kPartyMax);
  update.to = fields.text("to", kPartyMax);
  update.direction = fields.direction("direction");
  update.started_at = fields.time("started_at");
  update.duration_seconds = duration(fields);
  const boost::json::object* recording = fields.object("recording");
  if (fields.failed()) return fields.refusal();
  if (recording == nullptr) return update;
  std::expected<RecordingUpdate, Problem> read = read_recording(*recording);
  if (!read) return refuse(std::move(read.error()));
  update.recording = std::move(*read);
  return update;
}

Task<Answer> get_calls(const Exchange& exchange) {
  std::expected<CallQuery, Problem> query = read_query(exchange.query);
  if (!query) co_return refuse(std::move(query.error()));
  const Result<CallPage> page = co_await exchange.dependencies.calls.list(exchange.business, std::move(*query));
  if (!page) co_return refuse(page.error());
  boost::json::array calls;
  calls.reserve(page->calls.size());
  for (const Call& call : page->calls) calls.emplace_back(call_json(call));
  boost::json::value next = nullptr;
  if (page->next) next = format_cursor({page->next->started_at, page->next->row_id});
  co_return json_response(200, {{"calls", std::move(calls)}, {"next_cursor", std::move(next)}});
}

Task<Answer> put_call(const Exchange& exchange, CallSid call) {
  const auto body = parse_json_body(exchange.request);
  if (!body) co_return refuse(body.error());
  std::expected<CallUpdate, Problem> update = read_update(std::move(call), *body);
  if (!update) co_return refuse(std::move(update.error()));
  const Result<PutOutcome> outcome =
      co_await exchange.dependencies.calls.put(exchange.business, std::move(*update), exchange.caller.is_operator());
  if (!outcome) co_return refuse(outcome.error());
  co_return empty_response(*outcome == PutOutcome::kCreated ? 201 : 204);
}

}  // namespace

std::span<const Route> call_routes() {
  static constexpr std::array kRoutes{
      Route{verb::get, "/api/calls", Needs::kBusiness, get_calls},
      Route{verb::put, "/api/calls/{call_sid}", Needs::kBusiness, put_call},
  };
  return kRoutes;
}

}  // namespace tapedeck::http
