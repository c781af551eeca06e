#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "base/form.hpp"
#include "calls/ports/call_store.hpp"

namespace tapedeck {

/// A request that claims to be a provider's webhook: what a signature covers, and what the event says.
struct WebhookRequest {
  std::string url;        ///< as the provider called it: PUBLIC_URL and the raw target, query included
  bool has_form = false;  ///< the body is application/x-www-form-urlencoded
  Form form;              ///< of such a body, decoded
  std::string_view body;  ///< any other body
  Form query{};
  /// The value of a header; empty: absent.
  std::function<std::string_view(std::string_view name)> header{};
  /// A body in JSON, parsed once its signature was checked.
  std::optional<boost::json::object> json{};
};

/// What a provider's webhooks mean. Providers add parameters and values at any time, so a codec leaves out what it does
/// not understand; it refuses only an id that is malformed or missing: kInvalidArgument, whose detail begins with the
/// parameter's name. Pure and thread-safe.
class WebhookCodec {
 public:
  virtual ~WebhookCodec() = default;
  /// The header that holds the signature; for messages.
  [[nodiscard]] virtual std::string_view signature_header() const noexcept = 0;
  /// True when the request was signed with this token. Takes the same time for every token. An empty token signs
  /// nothing.
  [[nodiscard]] virtual bool is_signed(const WebhookRequest& request, std::string_view auth_token) const = 0;
  /// The provider account whose event it is.
  [[nodiscard]] virtual Result<AccountSid> account(const WebhookRequest& request) const = 0;
  /// The event of a recording. A status that the codec does not know counts as "in progress": the recording exists.
  [[nodiscard]] virtual Result<RecordingAnnouncement> recording(const WebhookRequest& request) const = 0;
  /// The event of a call. A recording named in it becomes known.
  [[nodiscard]] virtual Result<CallUpdate> call(const WebhookRequest& request) const = 0;
};

/// The codec of a provider by its name in URLs; null: there is no such provider.
using FindWebhookCodec = const WebhookCodec* (*)(std::string_view provider);

}  // namespace tapedeck
