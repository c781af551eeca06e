#include "http/api/cors.hpp"

#include <algorithm>

namespace tapedeck::http {
namespace {

using boost::beast::http::field;

constexpr std::string_view kExposed =
    "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Last-Modified, Retry-After";
constexpr std::string_view kAllowedHeaders =
    "Authorization, Content-Type, If-None-Match, If-Range, Range, X-Business-Id, X-CSRF-Token";
constexpr std::string_view kPreflightSeconds = "600";

}  // namespace

bool Cors::allows(std::string_view origin) const {
  return !origin.empty() && std::ranges::find(origins_, origin) != origins_.end();
}

void Cors::add_headers(const Request& request, Response& response) const {
  if (is_off()) return;
  response.headers.emplace_back("Vary", "Origin");
  const std::string_view origin = request.header(field::origin);
  if (!allows(origin)) return;
  response.headers.emplace_back("Access-Control-Allow-Origin", origin);
  response.headers.emplace_back("Access-Control-Allow-Credentials", "true");
  response.headers.emplace_back("Access-Control-Expose-Headers", kExposed);
}

void Cors::add_preflight_headers(const Request& request, std::string_view methods, Response& response) const {
  if (!allows(request.header(field::origin)) || request.header(field::access_control_request_method).empty()) return;
  response.headers.emplace_back("Access-Control-Allow-Methods", methods);
  response.headers.emplace_back("Access-Control-Allow-Headers", kAllowedHeaders);
  response.headers.emplace_back("Access-Control-Max-Age", kPreflightSeconds);
}

}  // namespace tapedeck::http
