#pragma once

#include <optional>
#include <string_view>

#include "provider/recording_listing.hpp"

// What Twilio's lists and calls say. Pure.

namespace tapedeck {

/// A page of Recordings.json. `next` is next_page_uri as it stands. Entries whose SIDs are none are counted as
/// unreadable; what else is missing or odd in an entry is left out. Error kProviderRejected says what is wrong with the
/// document as a whole. Source: www.twilio.com/docs/voice/api/recording.
[[nodiscard]] Result<ListingPage> parse_listing(std::string_view json);

/// A document of a call, as the call's webhook would have told it. Error kProviderRejected as above.
/// Source: www.twilio.com/docs/voice/api/call-resource.
[[nodiscard]] Result<CallUpdate> parse_call(std::string_view json);

}  // namespace tapedeck
