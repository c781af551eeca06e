#pragma once

#include "provider/webhook_codec.hpp"

namespace tapedeck {

/// Twilio's callbacks: a form, or a JSON body or a query with the same names.
/// Source: www.twilio.com/docs/voice/api/recording (RecordingStatusCallback),
/// www.twilio.com/docs/voice/api/call-resource (StatusCallback).
class TwilioWebhookCodec final : public WebhookCodec {
 public:
  [[nodiscard]] std::string_view signature_header() const noexcept override { return "X-Twilio-Signature"; }
  [[nodiscard]] bool is_signed(const WebhookRequest& request, std::string_view auth_token) const override;
  [[nodiscard]] Result<AccountSid> account(const WebhookRequest& request) const override;
  [[nodiscard]] Result<RecordingAnnouncement> recording(const WebhookRequest& request) const override;
  [[nodiscard]] Result<CallUpdate> call(const WebhookRequest& request) const override;
};

}  // namespace tapedeck
