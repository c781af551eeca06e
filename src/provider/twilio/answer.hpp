#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "base/time.hpp"
#include "curl/client.hpp"
#include "provider/recording_source.hpp"

// What Twilio's answers mean. Pure.

namespace tapedeck {

/// What went wrong below HTTP, in the provider's terms.
[[nodiscard]] Error error_of_transfer(const CurlError& error);

/// What a status other than 200 means; `body` is the beginning of the answer's body, of which at most Twilio's error
/// number is quoted. Retry-After is read relative to `now`.
[[nodiscard]] Error error_of_status(const CurlHead& head, std::string_view body, SystemTime now);

/// A 200 announces audio: no content coding, no document, not larger than `bytes_max`. Errors kMediaNotAudio,
/// kMediaTooLarge.
[[nodiscard]] Result<FetchHead> check_media_head(const CurlHead& head, std::uint64_t bytes_max);

/// The state of a recording from its metadata. Error kProviderServerError when it is not what Twilio sends.
[[nodiscard]] Result<RemoteStatus> parse_metadata(std::string_view json);

}  // namespace tapedeck
