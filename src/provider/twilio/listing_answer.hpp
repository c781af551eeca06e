#pragma once

#include <optional>
#include <string_view>

#include "provider/recording_listing.hpp"

// The documents of Twilio's lists and calls. Pure.

namespace tapedeck {

/// A page of Recordings.json. `next` is next_page_uri, unchanged. Entries without valid SIDs or a date count as
/// unreadable; other missing or odd values of an entry are left out. Error kProviderRejected says what is wrong with
/// the document as a whole. Source: www.twilio.com/docs/voice/api/recording.
[[nodiscard]] Result<ListingPage> parse_listing(std::string_view json);

/// The document of a call, in the form of its webhook. Error kProviderRejected as above.
/// Source: www.twilio.com/docs/voice/api/call-resource.
[[nodiscard]] Result<CallUpdate> parse_call(std::string_view json);

}  // namespace tapedeck
