#include "main/stores.hpp"

#include <utility>

#include <fmt/format.h>

#include "main/config.hpp"
#include "main/data_dir.hpp"
#include "runtime/run_task.hpp"

namespace tapedeck {
namespace {

Result<s3::Location> storage_location(const Settings& settings) {
  return s3::parse_location(settings.storage_url, read_environment("AWS_REGION").value_or(""));
}

Result<std::unique_ptr<S3BlobStore>> open_objects(const Settings& settings, s3::Connection::Parts parts) {
  const auto environment = [](const std::string& name) { return read_environment(name); };
  auto location = storage_location(settings);
  if (!location) return fail(location.error());
  S3Options options;
  options.location = std::move(*location);
  options.credentials = [environment] { return s3::load_credentials(environment); };
  options.spool_folder = (settings.data_dir / kSpoolFolder).string();
  if (auto made = make_data_dir(options.spool_folder); !made) return fail(made.error());
  auto objects = S3BlobStore::make(parts, std::move(options));
  if (!objects) return fail(Errc::kInvalidArgument, fmt::format("STORAGE_URL: {}", objects.error().detail));
  return objects;
}

Result<void> check_finished(CallArchive& archive) {
  const auto copy_of = run_task(archive.archive_label(kCopyOfLabel));
  if (!copy_of) return fail(copy_of.error());
  if (!*copy_of) return {};
  return fail(Errc::kConflict,
              "the database is an unfinished copy of another one: end the migration with `tapedeck migrate --final`");
}

// Has its secrets, and no store yet.
Result<OpenCallStore> with_secrets(std::string_view secret_key) {
  auto secrets = SecretBox::make(secret_key);
  if (!secrets) return fail(secrets.error());
  return OpenCallStore{.secrets = std::make_unique<SecretBox>(*secrets), .embedded = nullptr, .shared = nullptr};
}

Result<OpenCallStore> open_any_call_store(const Settings& settings, std::string_view secret_key) {
  if (settings.database_url.empty()) {
    if (auto made = make_data_dir(settings.data_dir); !made) return fail(made.error());
    return open_database(settings.data_dir / kDatabaseFile, secret_key);
  }
  auto open = with_secrets(secret_key);
  if (!open) return open;
  auto shared = PostgresCallStore::open(settings.database_url, *open->secrets);
  if (!shared) return fail(shared.error().errc(), fmt::format("DATABASE_URL: {}", shared.error().detail));
  open->shared = std::move(*shared);
  return open;
}

}  // namespace

ProviderDefaults provider_defaults(const Settings& settings) {
  return {settings.account, settings.auth_token, settings.slots_per_business, settings.format};
}

CallStore& OpenCallStore::store() const {
  if (embedded) return *embedded;
  return *shared;
}

CallArchive& OpenCallStore::archive() const {
  if (embedded) return *embedded;
  return *shared;
}

Result<OpenCallStore> open_database(const std::filesystem::path& file, std::string_view secret_key) {
  auto open = with_secrets(secret_key);
  if (!open) return open;
  auto embedded = SqliteCallStore::open(file.string(), *open->secrets);
  if (!embedded) return fail(embedded.error());
  open->embedded = std::move(*embedded);
  return open;
}

Result<OpenCallStore> open_call_store(const Settings& settings, std::string_view secret_key, UnfinishedCopy copy) {
  auto open = open_any_call_store(settings, secret_key);
  if (!open || copy == UnfinishedCopy::kAccepted) return open;
  const auto finished = check_finished(open->archive());
  if (!finished) return fail(finished.error());
  return open;
}

std::optional<std::string> storage_origin(const Settings& settings) {
  if (settings.storage_url.empty()) return std::nullopt;
  const auto location = storage_location(settings);
  if (!location) return std::nullopt;
  const s3::Address address = s3::address_of_bucket(*location);
  return fmt::format("{}://{}", address.scheme, address.host);
}

BlobStore& OpenBlobStore::store() const {
  if (folder) return *folder;
  return *objects;
}

Result<OpenBlobStore> open_blob_store(const Settings& settings, OffloadPool& pool, Clock& clock, Random& random) {
  OpenBlobStore open;
  if (settings.storage_url.empty()) {
    open.folder = std::make_unique<FilesystemBlobStore>(pool, (settings.data_dir / kBlobFolder).string());
    return open;
  }
  open.client = std::make_unique<CurlClient>(s3::kStoreConnectionsKept);
  const s3::Connection::Parts parts{*open.client, clock, random, pool};
  auto objects = open_objects(settings, parts);
  if (!objects) return fail(objects.error());
  open.objects = std::move(*objects);
  return open;
}

}  // namespace tapedeck
