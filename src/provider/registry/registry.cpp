#include "provider/registry/registry.hpp"

#include <algorithm>
#include <array>

#include "provider/twilio/provider.hpp"

namespace tapedeck {
namespace {

constexpr std::array kProviders{
    Provider{"twilio", twilio::webhook_codec, twilio::make_source, twilio::make_listing},
};

}  // namespace

const Provider& default_provider() noexcept { return kProviders.front(); }

const WebhookCodec* find_webhook_codec(std::string_view provider) {
  const auto* found = std::ranges::find(kProviders, provider, &Provider::name);
  return found == kProviders.end() ? nullptr : &found->webhook_codec();
}

}  // namespace tapedeck
