#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/server/message.hpp"

namespace tapedeck::http {

/// Lets only pages of the configured origins call (Fetch §3.2). Origins are compared as whole texts, because a pattern
/// may match more than its author meant.
class Cors {
 public:
  explicit Cors(std::vector<std::string> origins) : origins_(std::move(origins)) {}

  /// Adds Vary to any answer, and for an allowed origin the headers that let its page read the answer.
  void add_headers(const Request& request, Response& response) const;
  /// Adds to the answer of an OPTIONS what an allowed origin may send. `methods`: those of the path, "GET, HEAD".
  void add_preflight_headers(const Request& request, std::string_view methods, Response& response) const;
  /// True if no origin is configured: then no answer depends on Origin.
  [[nodiscard]] bool is_off() const noexcept { return origins_.empty(); }

 private:
  [[nodiscard]] bool allows(std::string_view origin) const;

  std::vector<std::string> origins_;
};

}  // namespace tapedeck::http
