#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "blobs/s3/location.hpp"
#include "curl/client.hpp"

namespace tapedeck::s3 {

/// An answer other than success, in the store's own words. Source: S3 API Reference, "Error responses".
struct Refusal {
  int status = 0;
  std::string code;      ///< "NoSuchKey"; empty if the answer has no body, as with HEAD
  std::string message;   ///< for people; outside input: shortened, without control characters
  std::string region;    ///< where the bucket is, if the request named another region
  std::string endpoint;  ///< which host has the bucket, if the request went to another
};

/// Reads an answer's body, which may be anything.
[[nodiscard]] Refusal read_refusal(const CurlHead& head, std::string_view body);

/// What can be done about a refusal.
enum class Remedy {
  kNone,
  kRepeatLater,     ///< the store is overloaded or has failed
  kSetClock,        ///< it refused the time of the signature
  kSetRegion,       ///< it refused the region of the signature
  kFollow,          ///< another host has the bucket for now
  kNewCredentials,  ///< the credentials have expired
  kNoCondition,     ///< it does not support conditional writes
};

[[nodiscard]] Remedy remedy_for(const Refusal& refusal);

/// The error of a refusal, with advice if an operator can mend it: kNotFound for a missing key, kConflict for a
/// condition that does not hold, kUnavailable for all others, so that recordings go on waiting for the store.
[[nodiscard]] Error error_of_refusal(const Refusal& refusal, const Location& location);

/// The error of a failed transfer.
[[nodiscard]] Error error_of_transfer(const CurlError& error, const Location& location);
/// Whether a transfer that failed so may succeed when it is tried again.
[[nodiscard]] bool is_worth_repeating(CurlFailure failure);

}  // namespace tapedeck::s3
