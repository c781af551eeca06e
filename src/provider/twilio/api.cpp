#include "provider/twilio/api.hpp"

#include <utility>

#include "curl/url.hpp"

namespace tapedeck {

Result<TwilioApi> TwilioApi::parse(const TwilioOptions& options) {
  const Result<Url> base = parse_url(options.base_url);
  if (!base) return fail(base.error());
  std::vector<Endpoint> endpoints;
  for (const std::string& text : options.redirect_endpoints) {
    const Result<Url> url = parse_url(text);
    if (!url) return fail(url.error());
    endpoints.push_back(url->endpoint);
  }
  std::string prefix = base->text;
  if (prefix.find('?') != std::string::npos) return fail(Errc::kInvalidArgument, "expected a base URL without a query");
  while (prefix.ends_with('/')) prefix.pop_back();
  return TwilioApi{std::move(prefix), UrlPolicy(base->endpoint, options.redirect_hosts, std::move(endpoints)),
                   options.limits};
}

}  // namespace tapedeck
