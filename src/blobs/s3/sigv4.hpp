#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"

// AWS Signature Version 4, as S3 and compatible stores require it: over a request's headers, or in the query of a URL.
// Source: the AWS General Reference, "Signing AWS API requests"; the S3 API Reference, "Authenticating
// Requests (AWS Signature Version 4)".

namespace tapedeck {

/// Stands for the hash of a body that is not hashed.
inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";
/// The SHA-256 of no bytes.
inline constexpr std::string_view kEmptyPayloadHash =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/// Longest lifetime of a presigned URL.
inline constexpr Seconds kPresignedLifetimeMax{7 * 24 * 60 * 60};

struct AwsCredentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  ///< of temporary credentials; otherwise empty
};

using Sigv4Fields = std::vector<std::pair<std::string, std::string>>;

/// A request before it is signed. Path and query are plain text; the request must be sent with what sigv4_path() and
/// sigv4_query() make of them.
struct Sigv4Request {
  std::string method;
  std::string path;          ///< begins with "/"
  Sigv4Fields query;         ///< in any order
  Sigv4Fields headers;       ///< all of them are signed; "Host" must be there
  std::string payload_hash;  ///< 64 hexadecimal digits, or kUnsignedPayload
  /// Whether ".", ".." and repeated slashes are resolved before signing. Every service but S3 requires that.
  bool normalizes_path = false;
};

/// Where and when a signature is valid.
struct Sigv4Scope {
  std::string region;
  std::string service;
  SystemTime time;
};

/// Percent-encodes everything but A-Z a-z 0-9 - . _ ~ (RFC 3986 §2.3), with capital digits.
[[nodiscard]] std::string sigv4_encode(std::string_view text);
/// The path, encoded except for its slashes.
[[nodiscard]] std::string sigv4_path(std::string_view path);
/// "a=1&b=": names and values encoded, in the order that is signed.
[[nodiscard]] std::string sigv4_query(const Sigv4Fields& fields);

/// The headers that sign a request, to be sent besides its own: X-Amz-Date, X-Amz-Security-Token if the credentials
/// have one, Authorization. S3 also requires X-Amz-Content-Sha256, which must be among the request's own.
[[nodiscard]] Sigv4Fields sigv4_headers(Sigv4Request request, const Sigv4Scope& scope,
                                        const AwsCredentials& credentials);

/// The query of a URL that carries its own signature, the request's own query included: anybody who holds the URL may
/// use it. `lifetime` counts from scope.time, between 1 s and kPresignedLifetimeMax. The URL is valid for the request's
/// method only, and its user must send the request's headers unchanged.
[[nodiscard]] std::string sigv4_presigned_query(Sigv4Request request, const Sigv4Scope& scope,
                                                const AwsCredentials& credentials, Seconds lifetime);

/// "20150830T123600Z"
[[nodiscard]] std::string format_amz_date(SystemTime time);

}  // namespace tapedeck
