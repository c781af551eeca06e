#include "main/stores.hpp"

#include <utility>

#include "main/data_dir.hpp"

namespace tapedeck {

ProviderDefaults provider_defaults(const Settings& settings) {
  return {settings.account, settings.auth_token, settings.slots_per_business, settings.format};
}

Result<OpenCallStore> open_call_store(const Settings& settings, std::string_view secret_key) {
  if (auto made = make_data_dir(settings.data_dir); !made) return fail(made.error());
  auto secrets = SecretBox::make(secret_key);
  if (!secrets) return fail(secrets.error());
  OpenCallStore open{.secrets = std::make_unique<SecretBox>(*secrets), .store = nullptr};
  auto store = SqliteCallStore::open((settings.data_dir / kDatabaseFile).string(), *open.secrets);
  if (!store) return fail(store.error());
  open.store = std::move(*store);
  return open;
}

}  // namespace tapedeck
