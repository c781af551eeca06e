#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "blobs/s3/location.hpp"
#include "curl/client.hpp"

namespace tapedeck::s3 {

/// An answer that is no success, in the store's own words. Source: S3 API Reference, "Error responses".
struct Refusal {
  int status = 0;
  std::string code;      ///< "NoSuchKey"; empty where the answer has no body, as with HEAD
  std::string message;   ///< for people, from outside: shortened, without control characters
  std::string region;    ///< where the bucket is, when that is what is wrong
  std::string endpoint;  ///< who has the bucket, when that is what is wrong
};

/// What an answer's body says. `body` may be of any form.
[[nodiscard]] Refusal read_refusal(const CurlHead& head, std::string_view body);

/// What can be done about a refusal.
enum class Remedy {
  kNone,
  kRepeatLater,     ///< the store is overloaded or has failed
  kSetClock,        ///< it dislikes the time of the signature
  kSetRegion,       ///< it dislikes the region of the signature
  kFollow,          ///< another host has the bucket for now
  kNewCredentials,  ///< these have expired
  kNoCondition,     ///< it does not know conditions on writing
};

[[nodiscard]] Remedy remedy_for(const Refusal& refusal);

/// What a refusal means, with how to mend it where an operator can. kNotFound for a missing key, kConflict for a
/// condition that does not hold; all others are kUnavailable, so that what waits for the store goes on waiting.
[[nodiscard]] Error error_of_refusal(const Refusal& refusal, const Location& location);

/// What a transfer's failure means.
[[nodiscard]] Error error_of_transfer(const CurlError& error, const Location& location);
/// A transfer of this kind may succeed when it is tried again.
[[nodiscard]] bool is_worth_repeating(CurlFailure failure);

}  // namespace tapedeck::s3
