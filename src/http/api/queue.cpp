#include <array>

#include "http/api/fields.hpp"
#include "http/api/resources.hpp"
#include "slots/queue_json.hpp"

namespace tapedeck::http {
namespace {

using boost::beast::http::verb;

constexpr int kQueueItemsDefault = 200;
constexpr int kQueueItemsMax = 1000;

Task<Answer> get_queue(const Exchange& exchange) {
  FieldReader query(exchange.query);
  const auto most = query.integer("limit", 1, kQueueItemsMax).value_or(kQueueItemsDefault);
  if (query.failed()) co_return query.refusal();
  const Result<QueueState> view =
      co_await exchange.dependencies.recordings.queue(exchange.business, static_cast<int>(most));
  if (!view) co_return refuse(view.error());
  co_return json_response(200, queue_json(*view));
}

}  // namespace

std::span<const Route> queue_routes() {
  static constexpr std::array kRoutes{
      Route{verb::get, "/api/queue", Needs::kBusiness, get_queue},
  };
  return kRoutes;
}

}  // namespace tapedeck::http
