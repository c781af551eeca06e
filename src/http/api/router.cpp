#include "http/api/router.hpp"

#include <utility>
#include <vector>

#include "http/api/resources.hpp"

namespace tapedeck::http {
namespace {

using boost::beast::http::verb;

std::vector<Route> collect_routes() {
  std::vector<Route> routes;
  for (const auto resource : {call_routes, stream_routes, peaks_routes, recording_routes, queue_routes, session_routes,
                              webhook_routes, system_routes}) {
    const std::span<const Route> rows = resource();
    routes.insert(routes.end(), rows.begin(), rows.end());
  }
  return routes;
}

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

template <class IdType>
std::expected<PathParameter, Problem> parse_sid(std::string_view name, std::string_view text) {
  Result<IdType> sid = IdType::parse(text);
  if (!sid) return refuse_field(name, sid.error().detail);
  return std::move(*sid);
}

}  // namespace

std::span<const Route> all_routes() {
  static const std::vector<Route> kRoutes = collect_routes();
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
  for (const Route& route : all_routes()) {
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

std::expected<PathParameter, Problem> parse_parameter(const Route& route, std::string_view text) {
  if (std::holds_alternative<RunForSid>(route.run)) return parse_sid<Sid>("sid", text);
  if (std::holds_alternative<RunForCall>(route.run)) return parse_sid<CallSid>("call_sid", text);
  if (std::holds_alternative<RunPlain>(route.run)) return PathParameter();
  Result<BusinessId> business = BusinessId::parse(text);
  return business ? std::optional(std::move(*business)) : std::nullopt;
}

Task<Answer> run_route(const Route& route, const Exchange& exchange, PathParameter parameter) {
  if (const auto* run = std::get_if<RunForSid>(&route.run)) {
    return (*run)(exchange, std::get<Sid>(std::move(parameter)));
  }
  if (const auto* run = std::get_if<RunForCall>(&route.run)) {
    return (*run)(exchange, std::get<CallSid>(std::move(parameter)));
  }
  if (const auto* run = std::get_if<RunForBusiness>(&route.run)) {
    return (*run)(exchange, std::get<std::optional<BusinessId>>(std::move(parameter)));
  }
  return std::get<RunPlain>(route.run)(exchange);
}

}  // namespace tapedeck::http
