#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "main/settings.hpp"
#include "runtime/random.hpp"

namespace tapedeck {

/// The file of DATA_DIR that holds the key in base64, for its owner only.
inline constexpr const char* kSecretKeyFile = "secret.key";

/// The 32 bytes of SECRET_KEY, or of the file where the setting is missing. The first process that needs the file makes
/// it. Error kForbidden: others may read the file. kCorrupt: it holds no key. kIo: it can be neither read nor made.
[[nodiscard]] Result<std::string> load_secret_key(const Settings& settings, Random& random);

/// Writes `key` (32 bytes) to the file of a directory that has none. Error kConflict: the file exists and holds another
/// key; it stays. Others as of load_secret_key().
[[nodiscard]] Result<void> keep_secret_key(const std::filesystem::path& folder, std::string_view key, Random& random);

}  // namespace tapedeck
