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

/// The provider error of a failure below HTTP.
[[nodiscard]] Error error_of_transfer(const CurlError& error);

/// The error of a status other than 200. `body` is the beginning of the answer's body, of which only Twilio's error
/// number is quoted. A Retry-After counts from `now`.
[[nodiscard]] Error error_of_status(const CurlHead& head, std::string_view body, SystemTime now);

/// The head of audio: without content coding, not a document, not larger than `bytes_max`. Errors kMediaNotAudio,
/// kMediaTooLarge.
[[nodiscard]] Result<FetchHead> check_media_head(const CurlHead& head, std::uint64_t bytes_max);

/// The state of a recording from its metadata. Error kProviderServerError: Twilio does not send such metadata.
[[nodiscard]] Result<RemoteStatus> parse_metadata(std::string_view json);

}  // namespace tapedeck
