#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "blobs/s3/sigv4.hpp"

namespace tapedeck::s3 {

/// Most bytes of a credentials file that are read.
inline constexpr std::size_t kCredentialsFileMax = 64 * 1024;

/// Loads credentials; called again when the current ones have expired. May block for reading a file.
using CredentialsSource = std::function<Result<AwsCredentials>()>;

/// Returns a variable of the process's environment, or nothing.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; else the profile AWS_PROFILE ("default") of the file
/// AWS_SHARED_CREDENTIALS_FILE (~/.aws/credentials). Error kInvalidArgument says what is missing.
[[nodiscard]] Result<AwsCredentials> load_credentials(const Environment& environment);

/// Reads one profile of a shared credentials file (AWS SDKs and Tools Reference Guide, "Shared config and credentials
/// files"). Error kInvalidArgument: no such profile, or no key in it.
[[nodiscard]] Result<AwsCredentials> parse_credentials_file(std::string_view text, std::string_view profile);

}  // namespace tapedeck::s3
