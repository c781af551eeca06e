#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "main/settings.hpp"
#include "runtime/random.hpp"

namespace tapedeck {

/// The file of DATA_DIR that holds the key, in base64, readable by its owner only.
inline constexpr const char* kSecretKeyFile = "secret.key";

/// The 32 bytes of SECRET_KEY; without the setting those of the file, which is made once, whoever comes first. Error
/// kForbidden: others may read the file. kCorrupt: it holds no key. kIo: it can be neither read nor made.
[[nodiscard]] Result<std::string> load_secret_key(const Settings& settings, Random& random);

/// Writes `key` (32 bytes) to the file of a directory that has none. A file that is there stays, and must hold the same
/// key: error kConflict. Others as above.
[[nodiscard]] Result<void> keep_secret_key(const std::filesystem::path& folder, std::string_view key, Random& random);

}  // namespace tapedeck
