#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/server/message.hpp"

namespace tapedeck::http {

/// Lets pages of the configured origins call, and of no others (Fetch §3.2). Origins are compared as whole texts: a
/// pattern would let in what its author did not think of.
class Cors {
 public:
  explicit Cors(std::vector<std::string> origins) : origins_(std::move(origins)) {}

  /// Adds to any answer: Vary, and for an allowed origin what its page may read.
  void add_headers(const Request& request, Response& response) const;
  /// Adds to the answer of an OPTIONS, for an allowed origin. `methods`: of the path, "GET, HEAD".
  void add_preflight_headers(const Request& request, std::string_view methods, Response& response) const;
  /// True while no origin is configured: then nothing depends on Origin.
  [[nodiscard]] bool is_off() const noexcept { return origins_.empty(); }

 private:
  [[nodiscard]] bool allows(std::string_view origin) const;

  std::vector<std::string> origins_;
};

}  // namespace tapedeck::http
