#pragma once

#include <memory>
#include <string_view>

#include "adapters/sqlite/sqlite_call_store.hpp"
#include "app/businesses.hpp"
#include "core/error.hpp"
#include "core/secret_box.hpp"
#include "main/settings.hpp"

namespace tapedeck {

/// The database's file in DATA_DIR.
inline constexpr const char* kDatabaseFile = "tapedeck.db";

/// What a business gets that says nothing of its own.
[[nodiscard]] ProviderDefaults provider_defaults(const Settings& settings);

/// An open call store, and what it borrows.
struct OpenCallStore {
  std::unique_ptr<SecretBox> secrets;
  std::unique_ptr<SqliteCallStore> store;
};

/// Opens the call store of the settings; a server may have it open too. Makes DATA_DIR where it is missing. Errors:
/// those of SqliteCallStore::open().
[[nodiscard]] Result<OpenCallStore> open_call_store(const Settings& settings, std::string_view secret_key);

}  // namespace tapedeck
