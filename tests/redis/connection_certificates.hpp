#pragma once

#include <string>

namespace tapedeck::redis {

/// A certificate authority for a test and one certificate of it, as files in `folder`, valid for one hour.
struct Certificates {
  std::string authority;    ///< file of the authority's certificate
  std::string certificate;  ///< file
  std::string key;          ///< file
};

/// `alternative_name` in OpenSSL's notation: "DNS:localhost", "IP:127.0.0.1". Throws std::runtime_error.
[[nodiscard]] Certificates make_certificates(const std::string& folder, const std::string& alternative_name);

}  // namespace tapedeck::redis
