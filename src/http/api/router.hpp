#pragma once

#include <span>
#include <string>
#include <string_view>

#include "http/api/application.hpp"

namespace tapedeck::http {

/// Every route, in the order of docs/.
struct RouteTable {
  [[nodiscard]] static std::span<const Route> routes();
};

/// Where a request goes: to a route, or nowhere, with the methods that its path has.
struct RouteMatch {
  const Route* route = nullptr;
  std::string allowed;    ///< "GET, HEAD"; empty: no such path
  std::string parameter;  ///< still encoded
};

/// Matches whole segments; "{…}" takes one that is not empty. Cost: the number of routes.
[[nodiscard]] RouteMatch find_route(boost::beast::http::verb method, std::string_view path);

/// Whether a path fits a pattern, and what its "{…}" took.
[[nodiscard]] bool matches(std::string_view pattern, std::string_view path, std::string_view& parameter);

}  // namespace tapedeck::http
