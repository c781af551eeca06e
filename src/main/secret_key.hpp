#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "main/settings.hpp"
#include "runtime/random.hpp"

namespace tapedeck {

/// The file in DATA_DIR that holds the key in base64. Only its owner can read it.
inline constexpr const char* kSecretKeyFile = "secret.key";

/// The 32 bytes of SECRET_KEY or, without that setting, of the file, which the first process creates. Errors:
/// kForbidden, other users can read the file; kCorrupt, it holds no key; kIo, it can be neither read nor created.
[[nodiscard]] Result<std::string> load_secret_key(const Settings& settings, Random& random);

/// Writes `key` (32 bytes) to the file of a directory that has none. Error kConflict: the directory has a file with
/// another key. Others as above.
[[nodiscard]] Result<void> keep_secret_key(const std::filesystem::path& folder, std::string_view key, Random& random);

}  // namespace tapedeck
