#pragma once

#include <memory>

#include "main/settings.hpp"
#include "provider/recording_listing.hpp"
#include "provider/recording_source.hpp"

namespace tapedeck {

/// The provider of the settings, with a client of its own, for commands. Throws std::invalid_argument where
/// TWILIO_BASE_URL is not a URL.
[[nodiscard]] std::shared_ptr<RecordingSource> open_provider(const Settings& settings);
/// The provider's list, in the same way.
[[nodiscard]] std::shared_ptr<RecordingListing> open_provider_listing(const Settings& settings);

}  // namespace tapedeck
