#include "http/api/router.hpp"

#include <algorithm>
#include <array>

namespace tapedeck::http {
namespace {

using boost::beast::http::verb;

std::string_view take_segment(std::string_view& rest) {
  rest.remove_prefix(1);  // the "/"
  const std::string_view segment = rest.substr(0, rest.find('/'));
  rest.remove_prefix(segment.size());
  return segment;
}

void add_method(std::string& allowed, std::string_view method) {
  if (!allowed.empty()) allowed += ", ";
  allowed += method;
}

}  // namespace

std::span<const Route> RouteTable::routes() {
  using A = Application;
  static constexpr std::array kRoutes{
      Route{verb::get, "/api/calls", Needs::kBusiness, &A::get_calls},
      Route{verb::put, "/api/calls/{call_sid}", Needs::kBusiness, &A::put_call},
      Route{verb::get, "/api/recordings/{sid}/stream", Needs::kBusinessOrLink, &A::get_stream},
      Route{verb::get, "/api/recordings/{sid}/peaks", Needs::kBusinessOrLink, &A::get_peaks},
      Route{verb::get, "/api/recordings/{sid}/status", Needs::kBusiness, &A::get_status},
      Route{verb::post, "/api/recordings/{sid}/retry", Needs::kBusiness, &A::post_retry},
      Route{verb::post, "/api/recordings/{sid}/cancel", Needs::kBusiness, &A::post_cancel},
      Route{verb::post, "/api/recordings/{sid}/link", Needs::kBusiness, &A::post_link},
      Route{verb::post, "/api/recordings/{sid}/hold", Needs::kBusiness, &A::post_hold},
      Route{verb::delete_, "/api/recordings/{sid}/hold", Needs::kBusiness, &A::delete_hold},
      Route{verb::delete_, "/api/recordings/{sid}", Needs::kBusiness, &A::delete_recording},
      Route{verb::get, "/api/queue", Needs::kBusiness, &A::get_queue},
      Route{verb::get, "/api/session", Needs::kCaller, &A::get_session},
      Route{verb::post, "/api/session", Needs::kNothing, &A::post_session},
      Route{verb::delete_, "/api/session", Needs::kCaller, &A::delete_session},
      Route{verb::get, "/login", Needs::kNothing, &A::get_login, false},
      Route{verb::post, "/webhooks/twilio/{business_id}/recording", Needs::kNothing, &A::post_recording_event},
      Route{verb::get, "/webhooks/twilio/{business_id}/recording", Needs::kNothing, &A::post_recording_event, false},
      Route{verb::post, "/webhooks/twilio/{business_id}/call", Needs::kNothing, &A::post_call_event},
      Route{verb::get, "/webhooks/twilio/{business_id}/call", Needs::kNothing, &A::post_call_event, false},
      Route{verb::get, "/healthz", Needs::kNothing, &A::get_health},
      Route{verb::get, "/readyz", Needs::kNothing, &A::get_readiness},
      Route{verb::get, "/metrics", Needs::kNothing, &A::get_metrics},
  };
  return kRoutes;
}

bool matches(std::string_view pattern, std::string_view path, std::string_view& parameter) {
  while (pattern.starts_with('/') && path.starts_with('/')) {
    const std::string_view expected = take_segment(pattern);
    const std::string_view segment = take_segment(path);
    if (expected.starts_with('{')) {
      if (segment.empty()) return false;
      parameter = segment;
    } else if (segment != expected) {
      return false;
    }
  }
  return pattern.empty() && path.empty();
}

RouteMatch find_route(verb method, std::string_view path) {
  RouteMatch match;
  for (const Route& route : RouteTable::routes()) {
    std::string_view parameter;
    if (!matches(route.pattern, path, parameter)) continue;
    const bool has_head = route.method == verb::get && route.also_head;
    const auto name = boost::beast::http::to_string(route.method);
    add_method(match.allowed, {name.data(), name.size()});
    if (has_head) add_method(match.allowed, "HEAD");
    if (route.method == method || (has_head && method == verb::head)) {
      match.route = &route;
      match.parameter = parameter;
    }
  }
  return match;
}

}  // namespace tapedeck::http
