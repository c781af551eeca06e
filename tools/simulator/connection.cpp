#include "connection.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/json.hpp>

namespace tapedeck::simulator {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace json = boost::json;

namespace {

constexpr std::uint32_t kMaxHeaderBytes = 32U << 10U;
// Bulk loads of the control interface are the largest bodies.
constexpr std::uint64_t kMaxRequestBodyBytes = 64U << 20U;

Request to_request(http::request<http::string_body>&& message) {
  Request request;
  request.method = std::string(message.method_string());
  request.path_and_query = std::string(message.target());
  const std::string_view target = request.path_and_query;
  const std::size_t question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string_view::npos) request.query = Form::parse(target.substr(question + 1)).value_or(Form());
  request.host = std::string(message[http::field::host]);
  const auto authorization = message.find(http::field::authorization);
  if (authorization != message.end()) request.authorization = std::string(authorization->value());
  request.body = std::move(message.body());
  return request;
}

bool is_download(const Request& request, const Target& target) {
  return request.method == "GET" && (target.resource == "media" || target.resource == "cdn");
}

void describe(const Target& target, json::object& fields) {
  fields["resource"] = target.resource;
  fields["account"] = target.account;
  fields["recording"] = target.recording;
  fields["call"] = target.call;
  fields["business"] = target.business;
}

}  // namespace

Connection::Connection(asio::ip::tcp::socket socket, World& world, ControlApi& control, WebhookSender& webhooks,
                       std::uint64_t id)
    : link_(std::make_shared<Link>(std::move(socket))),
      world_(world),
      control_(control),
      webhooks_(webhooks),
      id_(id) {}

asio::awaitable<void> Connection::run() {
  world_.statistics.connection_opened();
  world_.log.write("accept", {{"connection", id_}, {"peer_port", link_->peer_port()}});
  while (!link_->is_lost()) {
    idle_since_ = Link::Clock::now();
    auto incoming = co_await read_request();
    idle_since_.reset();
    if (!incoming) break;
    const bool goes_on = co_await serve(*std::move(incoming));
    if (!goes_on) break;
  }
  link_->close();
  world_.statistics.connection_closed();
  world_.log.write("close", {{"connection", id_}, {"requests", requests_}});
}

asio::awaitable<std::optional<Connection::Incoming>> Connection::read_request() {
  http::request_parser<http::string_body> parser;
  parser.header_limit(kMaxHeaderBytes);
  parser.body_limit(kMaxRequestBodyBytes);
  boost::system::error_code error;
  co_await http::async_read_header(link_->socket(), link_->received(), parser,
                                   asio::redirect_error(asio::use_awaitable, error));
  if (!error && parser.get()[http::field::expect] == "100-continue") {
    const std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    const Link::Buffers buffers{asio::buffer(go_on)};
    co_await link_->write(buffers);
  }
  if (!error && !parser.is_done()) {
    co_await http::async_read(link_->socket(), link_->received(), parser,
                              asio::redirect_error(asio::use_awaitable, error));
  }
  const bool is_gone = error == http::error::end_of_stream || error.category() == asio::error::get_system_category();
  if (error && !is_gone) {
    const std::string_view refusal = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    const Link::Buffers buffers{asio::buffer(refusal)};
    co_await link_->write(buffers);
  }
  if (error || !parser.get().target().starts_with('/')) co_return std::nullopt;
  Incoming incoming;
  incoming.keep_alive = parser.get().keep_alive();
  incoming.request = to_request(parser.release());
  co_return incoming;
}

asio::awaitable<bool> Connection::serve(Incoming incoming) {
  ++requests_;
  const bool is_control = incoming.request.path.starts_with("/_sim/");
  if (is_control) {
    const bool goes_on = co_await serve_control(std::move(incoming));
    co_return goes_on;
  }
  const bool goes_on = co_await serve_provider(std::move(incoming));
  co_return goes_on;
}

asio::awaitable<bool> Connection::serve_control(Incoming incoming) {
  Plan plan;
  const bool is_head = incoming.request.method == "HEAD";
  if (incoming.request.path == "/_sim/webhook") {
    plan = co_await webhooks_.answer(std::move(incoming.request));
  } else {
    plan = control_.answer(incoming.request);
  }
  Transfer transfer(link_, std::move(plan), is_head, incoming.keep_alive, nullptr);
  const Delivery delivery = co_await transfer.run();
  co_return delivery.keeps_connection;
}

asio::awaitable<bool> Connection::serve_provider(Incoming incoming) {
  const Request request = std::move(incoming.request);
  const Target target = world_.provider.target_of(request);
  const bool counts = is_download(request, target);
  const std::uint64_t number = requests_;
  world_.statistics.request_read(target, request.method, request.authorization.has_value());
  if (counts) world_.statistics.download_started(target);
  json::object event{{"connection", id_},
                     {"request", number},
                     {"method", request.method},
                     {"path", request.path_and_query},
                     {"host", request.host},
                     {"authorization", request.authorization.has_value()},
                     {"user", ProviderApi::user_of(request)}};
  describe(target, event);
  world_.log.write("request", std::move(event));

  Plan plan = world_.provider.answer(request, target);
  if (const auto rate = world_.settings.bytes_per_second; rate && counts) {
    plan.shape.bytes_per_second = std::min(*rate, plan.shape.bytes_per_second.value_or(*rate));
  }
  const int status = plan.status;
  const bool is_recording = plan.is_recording;
  json::array faults(plan.faults.begin(), plan.faults.end());
  const auto on_first_byte = [this, number, status] {
    world_.log.write("first_byte", {{"connection", id_}, {"request", number}, {"status", status}});
  };
  Transfer transfer(link_, std::move(plan), request.method == "HEAD", incoming.keep_alive, on_first_byte);
  const Delivery delivery = co_await transfer.run();

  const bool is_fetched = counts && is_recording && delivery.is_complete;
  if (counts) world_.statistics.download_ended(target, delivery.body_bytes, is_fetched);
  world_.statistics.answered(target, status);
  json::object end{{"connection", id_},
                   {"request", number},
                   {"method", request.method},
                   {"status", status},
                   {"bytes", delivery.body_bytes},
                   {"complete", is_fetched},
                   {"cause", delivery.cause},
                   {"faults", std::move(faults)}};
  describe(target, end);
  world_.log.write("end", std::move(end));
  co_return delivery.keeps_connection;
}

}  // namespace tapedeck::simulator
