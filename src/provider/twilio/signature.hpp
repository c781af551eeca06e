#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/form.hpp"
#include "provider/webhook_codec.hpp"

namespace tapedeck {

/// The value of X-Twilio-Signature: base64 of the HMAC-SHA1, with the account's auth token, of the URL. For a form its
/// names and values follow without separators, sorted by bytes; equal values of one name count once.
/// Source: www.twilio.com/docs/usage/security, twilio-node src/webhooks/webhooks.ts.
[[nodiscard]] std::string twilio_signature(std::string_view auth_token, std::string_view url, const Form& form);

/// The spellings of a URL that Twilio may have signed: unchanged, with its scheme's default port, without a port, and
/// each of these with every "'" written as %27.
[[nodiscard]] std::vector<std::string> twilio_url_spellings(std::string_view url);

/// True when `signature` (the header's value; empty: absent) was made with this token over the request. A body that is
/// not a form must also have the SHA-256 that the URL names in bodySHA256. An empty token signs nothing. Constant time.
[[nodiscard]] bool is_signed_by_twilio(std::string_view auth_token, std::string_view signature,
                                       const WebhookRequest& request);

}  // namespace tapedeck
