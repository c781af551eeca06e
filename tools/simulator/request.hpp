#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/form.hpp"

namespace tapedeck::simulator {

/// A request as the two interfaces see it.
struct Request {
  std::string method;
  std::string path_and_query;
  /// Not decoded: no path of ours needs it.
  std::string path;
  /// Empty when it cannot be decoded.
  Form query;
  std::string host;
  /// The Authorization field, as received.
  std::optional<std::string> authorization;
  std::string body;
};

/// What the control interface may change while the server runs.
struct Settings {
  /// "http://127.0.0.1:4010"; stands in media_url and in redirects.
  std::string base_url;
  int port = 0;
  /// Most body bytes a second on each connection; none: as fast as it goes.
  std::optional<std::uint64_t> bytes_per_second;
  /// An account with more downloads than this at once gets 429; none: no limit.
  std::optional<std::uint64_t> most_downloads_per_account;
  /// Most recordings on a page of a list, however many are asked for; none: as many as are asked for.
  std::optional<std::uint64_t> most_per_page;
};

}  // namespace tapedeck::simulator
