#pragma once

#include <string>
#include <vector>

#include "curl/client.hpp"
#include "curl/url_policy.hpp"

namespace tapedeck {

struct TwilioOptions {
  std::string base_url = "https://api.twilio.com";  ///< TWILIO_BASE_URL; may have a path before "/2010-04-01"
  /// Hosts that media may be redirected to, besides the base URL's own (see UrlPolicy): Twilio's names, and its bucket
  /// of media, https://s3-external-1.amazonaws.com/media.twiliocdn.com/.
  std::vector<std::string> redirect_hosts{"*.twilio.com", "*.twiliocdn.com", "s3-external-1.amazonaws.com"};
  /// Further endpoints like "http://127.0.0.1:9001" that redirects may lead to, plain or private. For tests.
  std::vector<std::string> redirect_endpoints;
  CurlLimits limits;  ///< of each request
};

/// Where Twilio's API is, and what a request to it may do.
struct TwilioApi {
  std::string base;  ///< without a slash at the end
  UrlPolicy policy;
  CurlLimits limits;

  /// Error kInvalidArgument: base_url or a redirect endpoint is not a URL.
  [[nodiscard]] static Result<TwilioApi> parse(const TwilioOptions& options);
};

}  // namespace tapedeck
