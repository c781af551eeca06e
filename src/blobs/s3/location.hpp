#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "curl/url.hpp"

namespace tapedeck::s3 {

/// Longest prefix; a key may have 1024 bytes in total (S3 User Guide, "Naming Amazon S3 objects").
inline constexpr std::size_t kPrefixMaxLength = 512;

/// The parts of STORAGE_URL: where the blobs are.
struct Location {
  std::string bucket;
  std::string prefix;  ///< of every key: empty, or ends with a slash
  Endpoint endpoint;   ///< without the bucket
  std::string region;
  bool has_virtual_host = false;  ///< the bucket is part of the host's name, not of the path
  bool is_aws = false;            ///< the endpoint follows from the region
};

/// Reads s3://bucket[/prefix][?endpoint=https://host[:port]&region=…&style=path|virtual].
///
/// Defaults: the endpoint is AWS's for the region; the region is `default_region` (AWS_REGION), then "auto" for R2 and
/// "us-east-1" elsewhere; the style is virtual on AWS and path elsewhere; an endpoint's scheme is https. Error
/// kInvalidArgument says what to write.
[[nodiscard]] Result<Location> parse_location(std::string_view text, const std::string& default_region);

/// Whether a host belongs to AWS.
[[nodiscard]] bool is_aws_host(const std::string& host);

/// AWS's endpoint for a region.
[[nodiscard]] Endpoint aws_endpoint(std::string_view region);

/// "s3://bucket/prefix at https://host", for people.
[[nodiscard]] std::string location_text(const Location& location);

/// Where a request goes.
struct Address {
  std::string scheme;
  std::string host;  ///< as in the Host header: with the port, unless it is the scheme's own
  std::string path;  ///< not encoded
};

/// `key` without the prefix.
[[nodiscard]] Address address_of_key(const Location& location, std::string_view key);
[[nodiscard]] Address address_of_bucket(const Location& location);

}  // namespace tapedeck::s3
