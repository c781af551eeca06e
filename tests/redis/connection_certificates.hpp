#pragma once

#include <string>

namespace tapedeck::redis {

/// A certificate authority of the test's own and one certificate by it, as files in `folder`, good for one hour.
struct Certificates {
  std::string authority;    ///< file of the authority's certificate
  std::string certificate;  ///< file
  std::string key;          ///< file
};

/// `alternative_name` in OpenSSL's notation: "DNS:localhost", "IP:127.0.0.1". Throws std::runtime_error.
[[nodiscard]] Certificates make_certificates(const std::string& folder, const std::string& alternative_name);

}  // namespace tapedeck::redis
