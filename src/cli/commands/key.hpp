#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "app/access.hpp"
#include "calls/ports/key_store.hpp"
#include "cli/commands/output.hpp"

namespace tapedeck {

/// `business` empty: an operator's key. Prints the key alone on out, once: it is stored as a hash only.
[[nodiscard]] int create_key(Access& access, const std::optional<std::string>& business, const std::string& name,
                             const Output& output);
[[nodiscard]] int list_keys(KeyStore& store, const Output& output);
[[nodiscard]] int revoke_key(KeyStore& store, Access& access, std::int64_t id, const Output& output);

}  // namespace tapedeck
