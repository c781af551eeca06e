#include "main/provider.hpp"

namespace tapedeck {

Result<std::unique_ptr<RecordingSource>> CommandProvider::open(const Settings& settings) {
  auto provider = std::make_unique<CommandProvider>();
  auto source = TwilioRecordingSource::make(provider->client_, provider->clock_, {.base_url = settings.provider_url});
  if (!source) return fail(source.error());
  provider->source_ = std::move(*source);
  return provider;
}

}  // namespace tapedeck
