#include <algorithm>
#include <random>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/ip/address.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "base/form.hpp"
#include "documents.hpp"
#include "fields.hpp"
#include "provider/twilio/signature.hpp"
#include "text.hpp"
#include "webhook.hpp"

namespace tapedeck::simulator {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

using FormFields = std::vector<Form::Field>;

constexpr std::int64_t kMostTimeoutMs = 60'000;

struct Where {
  asio::ip::tcp::endpoint endpoint;
  std::string host;
  std::string path_and_query;
};

// Only plain http to this machine, because the simulator holds tokens that must not leave it.
Result<Where> read_target(const std::string& text) {
  const auto url = boost::urls::parse_uri(text);
  boost::system::error_code error;
  std::string host = url ? std::string(url->host_address()) : std::string();
  if (host == "localhost") host = "127.0.0.1";
  const asio::ip::address address = asio::ip::make_address(host, error);
  if (!url || error || url->scheme() != "http" || !address.is_loopback()) {
    return fail(Errc::kInvalidArgument,
                "\"target\" must be an http URL of this machine, such as http://127.0.0.1:8080/hook");
  }
  Where where;
  where.endpoint = {address, url->has_port() ? url->port_number() : asio::ip::port_type{80}};
  where.host = std::string(url->encoded_host_and_port());
  where.path_and_query = std::string(url->encoded_path());
  if (where.path_and_query.empty()) where.path_and_query = "/";
  if (url->has_query()) where.path_and_query += "?" + std::string(url->encoded_query());
  return where;
}

FormFields recording_fields(const Recording& recording, const std::string& status, const std::string& base_url) {
  FormFields fields{
      {"AccountSid", recording.account},
      {"CallSid", recording.call},
      {"RecordingSid", recording.sid},
      {"RecordingUrl", fmt::format("{}{}/Recordings/{}", base_url, account_path(recording.account), recording.sid)},
      {"RecordingStatus", status},
      {"RecordingChannels", std::to_string(recording.channels)},
      {"RecordingStartTime", format_rfc2822(recording.created_at)},
      {"RecordingSource", recording.source},
      {"RecordingTrack", recording.track},
      {"ErrorCode", std::to_string(recording.error_code.value_or(0))},
  };
  if (status == "completed") {
    fields.push_back({"RecordingDuration", std::to_string(std::chrono::ceil<Seconds>(recording.duration).count())});
  }
  return fields;
}

FormFields call_fields(const Call& call, const std::string& status) {
  FormFields fields{
      {"AccountSid", call.account},
      {"ApiVersion", "2010-04-01"},
      {"CallSid", call.sid},
      {"CallStatus", status},
      {"From", call.from},
      {"To", call.to},
      {"Caller", call.from},
      {"Called", call.to},
      {"Direction", call.direction == "outbound" ? "outbound-api" : call.direction},
      {"Timestamp", format_rfc2822(call.started_at + call.duration)},
      {"SequenceNumber", "0"},
  };
  if (status == "completed") fields.push_back({"CallDuration", std::to_string(call.duration.count())});
  return fields;
}

// "parameters": a text replaces a field or adds one, an array gives several of that name, null removes it.
Result<void> change_fields(FormFields& fields, const json::object& changes) {
  for (const auto& change : changes) {
    const std::string name(change.key());
    std::erase_if(fields, [&name](const Form::Field& field) { return field.name == name; });
    const json::value& value = change.value();
    if (value.is_null()) continue;
    const json::array values = value.is_array() ? value.get_array() : json::array{value};
    for (const json::value& one : values) {
      if (!one.is_string()) return fail(Errc::kInvalidArgument, fmt::format("parameters.{} must be text", name));
      fields.push_back({name, std::string(one.get_string())});
    }
  }
  return {};
}

// The parts that all events of an order share.
struct Common {
  Where where;
  std::string public_url;
  std::string method;
  std::string token;
  std::string signature;
  bool is_signed = true;
  const json::object* parameters = nullptr;
};

Result<WebhookEvent> make_event(const Common& common, std::string name, std::string_view identity, FormFields fields) {
  if (common.parameters != nullptr) {
    const auto changed = change_fields(fields, *common.parameters);
    if (!changed) return fail(changed.error());
  }
  const Form form(std::move(fields));
  WebhookEvent event;
  event.method = common.method;
  event.path_and_query = common.where.path_and_query;
  event.idempotency_token = fmt::format("{:016x}", seed_of(seed_of(0, identity), name));
  event.name = std::move(name);
  std::string url = common.public_url;
  Form signed_form;
  if (common.method == "GET") {
    const std::string query = write_form(form);
    event.path_and_query += (event.path_and_query.find('?') == std::string::npos ? "?" : "&") + query;
    url += (url.find('?') == std::string::npos ? "?" : "&") + query;
  } else {
    event.body = write_form(form);
    signed_form = form;
  }
  if (common.is_signed) {
    event.signature = common.signature.empty() ? twilio_signature(common.token, url, signed_form) : common.signature;
  }
  return event;
}

Result<std::vector<WebhookEvent>> read_events(World& world, Fields& fields, Common& common) {
  const std::string recording_sid = fields.sid("recording", "RE");
  const std::string call_sid = fields.sid("call", "CA");
  const Recording* recording = world.directory.recording(recording_sid);
  const Call* call = world.directory.call(call_sid);
  if (recording == nullptr && call == nullptr) {
    return fail(Errc::kNotFound, "\"recording\" or \"call\" must name a known one");
  }
  const Account* account = world.directory.account(recording != nullptr ? recording->account : call->account);
  if (common.token.empty()) common.token = account->token;
  std::vector<std::string> statuses = fields.texts("statuses");
  if (statuses.empty()) statuses.push_back(recording != nullptr ? recording->status : call->status);
  std::vector<WebhookEvent> events;
  for (const std::string& status : statuses) {
    auto event = recording != nullptr ? make_event(common, status, recording_sid,
                                                   recording_fields(*recording, status, world.settings.base_url))
                                      : make_event(common, status, call_sid, call_fields(*call, status));
    if (!event) return fail(event.error());
    events.push_back(*std::move(event));
  }
  return events;
}

}  // namespace

Result<WebhookOrder> read_webhook_order(World& world, const json::object& object) {
  Fields fields(object);
  const std::string target = fields.text("target");
  const auto where = read_target(target);
  if (!where) return fail(where.error());
  Common common;
  common.where = *where;
  // The part after "#" holds Twilio's delivery settings and is never signed.
  common.public_url = fields.text("public_url", target);
  common.public_url.erase(std::min(common.public_url.find('#'), common.public_url.size()));
  common.method = fields.choice("method", {"POST", "GET"}, "POST");
  common.token = fields.text("token");
  common.signature = fields.text("signature");
  common.is_signed = fields.boolean("signed", true);
  common.parameters = fields.object("parameters");
  auto events = read_events(world, fields, common);
  if (!events) return fail(events.error());

  WebhookOrder order;
  const std::int64_t times = fields.integer("times", 1, 1, kMaxDeliveries);
  order.at_once = static_cast<std::size_t>(fields.integer("at_once", 1, 1, kMaxDeliveriesAtOnce));
  order.timeout = Milliseconds(fields.integer("timeout_ms", order.timeout.count(), 1, kMostTimeoutMs));
  const bool shuffles = fields.boolean("shuffle", false);
  const auto shuffle_seed = static_cast<std::uint64_t>(fields.integer("shuffle_seed", 1, 0, INT64_MAX));
  if (times * static_cast<std::int64_t>(events->size()) > kMaxDeliveries) {
    fields.reject(fmt::format("at most {} deliveries", kMaxDeliveries));
  }
  const auto checked = fields.check();
  if (!checked) return fail(checked.error());
  order.endpoint = common.where.endpoint;
  order.host = common.where.host;
  for (std::int64_t i = 0; i < times; ++i)
    order.deliveries.insert(order.deliveries.end(), events->begin(), events->end());
  if (shuffles) std::ranges::shuffle(order.deliveries, std::mt19937_64(shuffle_seed));
  return order;
}

}  // namespace tapedeck::simulator
