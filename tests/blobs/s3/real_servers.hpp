#pragma once

#include <string>

#include "blobs/s3/sigv4.hpp"

// One server of each kind for all tests of this program, started by the first that asks.

namespace tapedeck {

/// A STORAGE_URL with a prefix of its own.
[[nodiscard]] std::string fresh_s3rver_url();
[[nodiscard]] AwsCredentials s3rver_credentials();

[[nodiscard]] std::string fresh_swift_url();
[[nodiscard]] AwsCredentials swift_credentials();

[[nodiscard]] std::string fresh_ceph_url();
[[nodiscard]] AwsCredentials ceph_credentials();

/// The bucket of each.
inline constexpr const char* kRealBucket = "recordings";

}  // namespace tapedeck
