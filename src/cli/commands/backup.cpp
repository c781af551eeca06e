#include <optional>
#include <utility>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/time.hpp"
#include "calls/copy/blob_copy.hpp"
#include "calls/sqlite/snapshot.hpp"
#include "cli/command.hpp"
#include "cli/commands/backup_folder.hpp"
#include "cli/view/copy_view.hpp"
#include "main/data_dir.hpp"
#include "main/secret_key.hpp"
#include "runtime/run_task.hpp"

namespace tapedeck {
namespace {

/// Times that a backup starts again because recordings that its database knows were deleted during the copy.
constexpr int kBackupRoundsMax = 5;

struct BackupOptions {
  std::string folder;
};

std::string database_name(SystemTime now) { return fmt::format("tapedeck-{}.db", now.time_since_epoch().count()); }

bool is_database_of_backup(const std::string& name) { return name.starts_with("tapedeck-") && name.contains(".db"); }

// Removes the databases of earlier and of interrupted backups, which no manifest names.
void remove_others(const std::filesystem::path& folder, const std::string& kept) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (is_database_of_backup(name) && name != kept) std::filesystem::remove(entry.path(), ignored);
  }
}

struct BackupOutcome {
  BackupManifest manifest;
  BlobOutcome blobs;
};

class Backup {
 public:
  Backup(CommandContext& context, std::filesystem::path folder, CopyView& view)
      : context_(context), settings_(context.settings), folder_(std::move(folder)), view_(view) {}

  Result<BackupOutcome> run() {
    if (auto alone = expect_embedded(settings_, "backup"); !alone) return fail(alone.error());
    std::error_code ignored;
    if (!std::filesystem::exists(settings_.data_dir / kDatabaseFile, ignored)) {
      return fail(Errc::kNotFound, fmt::format("{}: there is no {} in it; is DATA_DIR right?",
                                               settings_.data_dir.string(), kDatabaseFile));
    }
    auto lock = DataDirLock::acquire(folder_);
    if (!lock)
      return fail(Errc::kConflict,
                  fmt::format("{}: another backup, or a server, is using this folder", folder_.string()));
    const auto key = context_.secret_key();
    if (!key) return fail(key.error());
    if (settings_.secret_key.empty()) {
      if (auto kept = keep_secret_key(folder_, *key, context_.random); !kept) return fail(kept.error());
    }
    auto live = open_database(settings_.data_dir / kDatabaseFile, *key);
    if (!live) return fail(live.error());
    FilesystemBlobStore source(disk_, (settings_.data_dir / kBlobFolder).string());
    FilesystemBlobStore copy(disk_, (folder_ / kBlobFolder).string());
    if (auto collected = run_task(copy.collect_leftovers()); !collected) return fail(collected.error());
    for (int round = 1;; ++round) {
      auto outcome = copy_once(*live->embedded, source, copy, *key);
      if (!outcome) return outcome;
      if (outcome->blobs.outdated == 0 || round == kBackupRoundsMax) return commit(std::move(*outcome));
    }
  }

 private:
  Result<BackupOutcome> copy_once(SqliteCallStore& live, BlobStore& source, BlobStore& copy, const std::string& key) {
    BackupOutcome outcome;
    const SystemTime now = context_.clock.system_now();
    outcome.manifest.database = database_name(now);
    outcome.manifest.made_at = format_rfc3339(now);
    const std::filesystem::path file = folder_ / outcome.manifest.database;
    auto written = sqlite::copy_database((settings_.data_dir / kDatabaseFile).string(), file.string());
    if (!written) return fail(written.error());
    {
      auto snapshot = open_database(file, key);
      if (!snapshot) return fail(snapshot.error());
      auto copied = run_task(copy_blobs({*snapshot->embedded, live, source, copy}, view_.watcher()));
      if (!copied) return fail(copied.error());
      outcome.blobs = std::move(*copied);
    }
    auto digest = sha256_of_file(file);
    if (!digest) return fail(digest.error());
    outcome.manifest.database_sha256 = std::move(*digest);
    outcome.manifest.recordings = outcome.blobs.blobs;
    outcome.manifest.bytes = outcome.blobs.bytes;
    return outcome;
  }

  Result<BackupOutcome> commit(BackupOutcome outcome) {
    if (auto written = write_manifest(folder_, outcome.manifest); !written) return fail(written.error());
    remove_others(folder_, outcome.manifest.database);
    return outcome;
  }

  CommandContext& context_;
  const Settings& settings_;
  const std::filesystem::path folder_;
  CopyView& view_;
  OffloadPool disk_{"disk", kCopyDiskThreads};
};

void report(const BackupOutcome& outcome, const std::string& folder, bool has_key, const Output& output) {
  const BlobOutcome& blobs = outcome.blobs;
  if (output.json) {
    print_json(output.out, {{"outcome", "backed_up"},
                            {"made_at", outcome.manifest.made_at},
                            {"recordings", blobs.blobs},
                            {"bytes", blobs.bytes},
                            {"copied", blobs.copied},
                            {"damaged", blobs.damaged},
                            {"missing", blobs.missing},
                            {"named", boost::json::array(blobs.named.begin(), blobs.named.end())}});
    return;
  }
  output.out << fmt::format("{}: {} recordings ({}), {} of them copied now\n", folder, blobs.blobs,
                            bytes_text(blobs.bytes), blobs.copied);
  print_unusable(output.out, "not in the backup", blobs);
  if (!has_key) output.out << "SECRET_KEY is not in the backup: keep it elsewhere, because a restore needs it\n";
}

Result<int> run_backup(CommandContext& context, const BackupOptions& options) {
  CopyView view(context);
  Backup backup(context, std::filesystem::absolute(options.folder).lexically_normal(), view);
  const auto outcome = backup.run();
  view.clear();
  if (!outcome) return fail(outcome.error());
  report(*outcome, options.folder, context.settings.secret_key.empty(), context.output);
  return outcome->blobs.named.empty() ? kDone : kFailed;
}

}  // namespace

void add_backup(CommandSet& commands) {
  auto [backup, options] =
      commands.add<BackupOptions>({"backup",
                                   "Copy DATA_DIR into a folder, beside a running server. A repeated backup "
                                   "copies what is new.",
                                   "  tapedeck backup /mnt/backup/tapedeck"},
                                  run_backup);
  backup.argument("FOLDER", &options.folder, "The backup.");
}

}  // namespace tapedeck
