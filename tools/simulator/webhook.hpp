#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/json.hpp>

#include "base/error.hpp"
#include "plan.hpp"
#include "request.hpp"
#include "world.hpp"

namespace tapedeck::simulator {

/// Most deliveries of one order, and most at the same time.
inline constexpr std::int64_t kMaxDeliveries = 100'000;
inline constexpr std::int64_t kMaxDeliveriesAtOnce = 1'000;

/// One event to deliver, ready to send.
struct WebhookEvent {
  std::string name;
  std::string method;
  /// Path and query at the target.
  std::string path_and_query;
  std::string body;
  std::string signature;
  /// The same for every attempt of one event.
  std::string idempotency_token;
};

/// Events and their target.
struct WebhookOrder {
  boost::asio::ip::tcp::endpoint endpoint;
  std::string host;
  std::vector<WebhookEvent> deliveries;
  std::size_t at_once = 1;
  Milliseconds timeout{15'000};
};

/// Reads an order; docs/twilio-sim.md lists its members. Errors: kInvalidArgument, also for a target that is not a
/// loopback address; kNotFound for an unknown recording or call.
[[nodiscard]] Result<WebhookOrder> read_webhook_order(World& world, const boost::json::object& object);

/// Delivers signed status callbacks like the provider, but only to loopback addresses.
class WebhookSender {
 public:
  explicit WebhookSender(World& world) : world_(world) {}

  /// Executes POST /_sim/webhook and answers when every delivery has ended.
  [[nodiscard]] boost::asio::awaitable<Plan> answer(Request request);

 private:
  World& world_;
};

}  // namespace tapedeck::simulator
