#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/form.hpp"

namespace tapedeck::simulator {

/// A request to one of the two interfaces.
struct Request {
  std::string method;
  std::string path_and_query;
  /// Not decoded, because no path of the simulator needs it.
  std::string path;
  /// Empty when it cannot be decoded.
  Form query;
  std::string host;
  /// The Authorization field, as received.
  std::optional<std::string> authorization;
  std::string body;
};

/// Settings that the control interface can change.
struct Settings {
  /// "http://127.0.0.1:4010"; stands in media_url and in redirects.
  std::string base_url;
  int port = 0;
  /// Most body bytes per second on each connection; empty: no limit.
  std::optional<std::uint64_t> bytes_per_second;
  /// An account with more downloads than this at once gets 429; empty: no limit.
  std::optional<std::uint64_t> most_downloads_per_account;
  /// Most recordings on a page of a list, whatever PageSize says; empty: no limit.
  std::optional<std::uint64_t> most_per_page;
};

}  // namespace tapedeck::simulator
