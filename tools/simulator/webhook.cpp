#include "webhook.hpp"

#include <algorithm>
#include <exception>
#include <map>
#include <memory>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include "control_api.hpp"

namespace tapedeck::simulator {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace json = boost::json;

namespace {

constexpr std::uint64_t kMaxAnswerBytes = 64U << 10U;
// Most single results in the answer to an order. The counts by status cover all deliveries.
constexpr std::size_t kMaxResults = 1000;

struct Attempt {
  /// 0: no answer came.
  int status = 0;
  std::string problem;
  std::int64_t took_ms = 0;
};

// An order in progress, shared by the tasks that work on it.
struct Batch {
  Batch(WebhookOrder order_to_do, asio::any_io_executor executor) : order(std::move(order_to_do)), finished(executor) {
    attempts.resize(order.deliveries.size());
    finished.expires_at(asio::steady_timer::time_point::max());
  }

  WebhookOrder order;
  std::size_t next = 0;
  std::size_t running = 0;
  std::vector<Attempt> attempts;
  asio::steady_timer finished;
};

http::request<http::string_body> to_message(const WebhookEvent& event, const std::string& host) {
  http::request<http::string_body> message(http::string_to_verb(event.method), event.path_and_query, 11);
  message.set(http::field::host, host);
  message.set(http::field::user_agent, "TwilioProxy/1.1");
  message.set(http::field::accept, "*/*");
  message.set("I-Twilio-Idempotency-Token", event.idempotency_token);
  if (!event.signature.empty()) message.set("X-Twilio-Signature", event.signature);
  if (event.method == "POST") {
    message.set(http::field::content_type, "application/x-www-form-urlencoded; charset=UTF-8");
    message.body() = event.body;
    message.prepare_payload();
  }
  return message;
}

// One attempt. Connects the stream if necessary, and leaves it connected if the target allows that.
asio::awaitable<Attempt> attempt(beast::tcp_stream& stream, const WebhookOrder& order, const WebhookEvent& event) {
  boost::system::error_code error;
  stream.expires_after(order.timeout);
  if (!stream.socket().is_open())
    co_await stream.async_connect(order.endpoint, asio::redirect_error(asio::use_awaitable, error));
  const http::request<http::string_body> message = to_message(event, order.host);
  if (!error) co_await http::async_write(stream, message, asio::redirect_error(asio::use_awaitable, error));
  http::response_parser<http::string_body> parser;
  parser.body_limit(kMaxAnswerBytes);
  beast::flat_buffer received;
  if (!error) co_await http::async_read(stream, received, parser, asio::redirect_error(asio::use_awaitable, error));
  Attempt result;
  if (error) {
    result.problem = error.message();
  } else {
    result.status = static_cast<int>(parser.get().result_int());
  }
  if (error || !parser.keep_alive()) {
    boost::system::error_code ignored;
    stream.socket().close(ignored);
  }
  co_return result;
}

asio::awaitable<void> work(std::shared_ptr<Batch> batch) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  beast::tcp_stream stream(executor);
  while (batch->next < batch->order.deliveries.size()) {
    const std::size_t index = batch->next++;
    const auto started = std::chrono::steady_clock::now();
    const bool was_connected = stream.socket().is_open();
    Attempt result = co_await attempt(stream, batch->order, batch->order.deliveries[index]);
    // If the target has closed a kept connection meanwhile, that says nothing about the delivery.
    if (result.status == 0 && was_connected) {
      result = co_await attempt(stream, batch->order, batch->order.deliveries[index]);
    }
    const auto took = std::chrono::steady_clock::now() - started;
    result.took_ms = std::chrono::duration_cast<Milliseconds>(took).count();
    batch->attempts[index] = std::move(result);
  }
}

json::object describe(const Batch& batch) {
  std::map<std::string, std::int64_t> statuses;
  json::array results;
  for (std::size_t i = 0; i < batch.attempts.size(); ++i) {
    const Attempt& attempt = batch.attempts[i];
    ++statuses[attempt.status == 0 ? "error" : std::to_string(attempt.status)];
    if (results.size() == kMaxResults) continue;
    json::object result{{"event", batch.order.deliveries[i].name}, {"status", attempt.status}, {"ms", attempt.took_ms}};
    if (!attempt.problem.empty()) result["problem"] = attempt.problem;
    results.push_back(std::move(result));
  }
  json::object counts;
  for (const auto& [status, count] : statuses) counts[status] = count;
  return {{"sent", batch.attempts.size()}, {"statuses", std::move(counts)}, {"results", std::move(results)}};
}

Result<WebhookOrder> read_order(World& world, const std::string& body) {
  json::error_code error;
  const json::value value = json::parse(body, error);
  if (error || !value.is_object()) return fail(Errc::kInvalidArgument, "the body must be a JSON object");
  return read_webhook_order(world, value.get_object());
}

}  // namespace

asio::awaitable<Plan> WebhookSender::answer(Request request) {
  auto order = read_order(world_, request.body);
  if (!order) co_return control_error(order.error());
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  const auto batch = std::make_shared<Batch>(*std::move(order), executor);
  batch->running = std::min(batch->order.at_once, batch->order.deliveries.size());
  for (std::size_t i = batch->running; i > 0; --i) {
    asio::co_spawn(executor, work(batch), [batch](const std::exception_ptr& failure) {
      if (--batch->running == 0) batch->finished.cancel();
      if (failure) std::rethrow_exception(failure);
    });
  }
  boost::system::error_code ignored;
  co_await batch->finished.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  co_return json_plan(200, json::serialize(describe(*batch)));
}

}  // namespace tapedeck::simulator
