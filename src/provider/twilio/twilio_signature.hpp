#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/form.hpp"

namespace tapedeck {

/// What Twilio signed: the address it asked for, and what it sent there.
struct TwilioRequest {
  std::string url;        ///< PUBLIC_URL and the raw target of the request, query included
  bool has_form = false;  ///< the body is application/x-www-form-urlencoded
  Form form;              ///< of such a body, decoded
  std::string_view body;  ///< any other body; signed by the parameter bodySHA256 of the URL
};

/// X-Twilio-Signature: base64 of HMAC-SHA1 with the account's auth token over the URL, followed for a form by its names
/// and values without separators, sorted by bytes, equal values of one name once.
/// Source: www.twilio.com/docs/usage/security, twilio-node src/webhooks/webhooks.ts.
[[nodiscard]] std::string twilio_signature(std::string_view auth_token, std::string_view url, const Form& form);

/// The spellings of a URL that Twilio may have signed: as it is, with its scheme's default port, without a port, and
/// each of them with "'" written as %27, where there is one.
[[nodiscard]] std::vector<std::string> twilio_url_spellings(std::string_view url);

/// True when `signature` (the header's value; empty when it is missing) was made with this token over the request. A
/// body that is no form must also have the SHA-256 that the URL names. An empty token signs nothing. Constant time.
[[nodiscard]] bool is_signed_by_twilio(std::string_view auth_token, std::string_view signature,
                                       const TwilioRequest& request);

}  // namespace tapedeck
