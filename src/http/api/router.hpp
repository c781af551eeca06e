#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "http/api/route.hpp"

namespace tapedeck::http {

/// Every route of every resource.
[[nodiscard]] std::span<const Route> all_routes();

/// The route of a request, or the methods that its path has.
struct RouteMatch {
  const Route* route = nullptr;
  std::string allowed;         ///< "GET, HEAD"; empty: the path is unknown
  std::string_view parameter;  ///< still encoded; part of the path
};

/// Matches whole segments; "{…}" takes one that is not empty. Cost: linear in the number of routes.
[[nodiscard]] RouteMatch find_route(boost::beast::http::verb method, std::string_view path);

/// True if a path fits a pattern; `parameter` is then what its "{…}" took.
[[nodiscard]] bool matches(std::string_view pattern, std::string_view path, std::string_view& parameter);

/// Parses what the route's path names. `text` is decoded.
[[nodiscard]] std::expected<PathParameter, Problem> parse_parameter(const Route& route, std::string_view text);

/// Calls the route's handler; `parameter` is what parse_parameter() made for this route. The exchange outlives the
/// task.
[[nodiscard]] Task<Answer> run_route(const Route& route, const Exchange& exchange, PathParameter parameter);

}  // namespace tapedeck::http
