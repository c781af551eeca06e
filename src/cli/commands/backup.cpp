#include "cli/commands/backup.hpp"

#include <optional>
#include <utility>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/time.hpp"
#include "calls/copy/blob_copy.hpp"
#include "calls/sqlite/snapshot.hpp"
#include "cli/commands/backup_folder.hpp"
#include "cli/commands/backup_stores.hpp"
#include "cli/commands/copy_progress.hpp"
#include "cli/exit_code.hpp"
#include "main/data_dir.hpp"
#include "main/secret_key.hpp"
#include "runtime/run_task.hpp"

namespace tapedeck {
namespace {

std::string database_name(SystemTime now) { return fmt::format("tapedeck-{}.db", now.time_since_epoch().count()); }

bool is_database_of_backup(const std::string& name) { return name.starts_with("tapedeck-") && name.contains(".db"); }

// Databases that no manifest names any more, of earlier backups and of such as were interrupted.
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
  Backup(const Settings& settings, std::filesystem::path folder, Clock& clock, Random& random)
      : settings_(settings), folder_(std::move(folder)), clock_(clock), random_(random) {}

  Result<BackupOutcome> run(const CopyWatcher& watcher) {
    if (auto alone = expect_embedded(settings_, "backup"); !alone) return fail(alone.error());
    if (auto there = expect_database(settings_.data_dir); !there) return fail(there.error());
    auto lock = DataDirLock::acquire(folder_);
    if (!lock)
      return fail(Errc::kConflict, fmt::format("{}: another backup is writing there, or a server", folder_.string()));
    auto key = load_secret_key(settings_, random_);
    if (!key) return fail(key.error());
    if (settings_.secret_key.empty()) {
      if (auto kept = keep_secret_key(folder_, *key, random_); !kept) return fail(kept.error());
    }
    auto live = open_database(settings_.data_dir / kDatabaseFile, *key);
    if (!live) return fail(live.error());
    FilesystemBlobStore source(disk_, (settings_.data_dir / kBlobFolder).string());
    FilesystemBlobStore copy(disk_, (folder_ / kBlobFolder).string());
    if (auto collected = run_task(copy.collect_leftovers()); !collected) return fail(collected.error());
    for (int round = 1;; ++round) {
      auto outcome = copy_once(*live->embedded, source, copy, *key, watcher);
      if (!outcome) return outcome;
      if (outcome->blobs.outdated == 0 || round == kBackupRoundsMax) return commit(std::move(*outcome));
    }
  }

 private:
  Result<BackupOutcome> copy_once(SqliteCallStore& live, BlobStore& source, BlobStore& copy, const std::string& key,
                                  const CopyWatcher& watcher) {
    BackupOutcome outcome;
    const SystemTime now = clock_.system_now();
    outcome.manifest.database = database_name(now);
    outcome.manifest.made_at = format_rfc3339(now);
    const std::filesystem::path file = folder_ / outcome.manifest.database;
    auto written = sqlite::copy_database((settings_.data_dir / kDatabaseFile).string(), file.string());
    if (!written) return fail(written.error());
    {
      auto snapshot = open_database(file, key);
      if (!snapshot) return fail(snapshot.error());
      auto copied = run_task(copy_blobs({*snapshot->embedded, live, source, copy}, watcher));
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

  const Settings& settings_;
  const std::filesystem::path folder_;
  Clock& clock_;
  Random& random_;
  OffloadPool disk_{"disk", kCopyDiskThreads};
};

void report(const BackupOutcome& outcome, const std::filesystem::path& folder, bool has_key, const Output& output) {
  const BlobOutcome& blobs = outcome.blobs;
  if (output.json) {
    boost::json::object line{{"outcome", "backed_up"},    {"made_at", outcome.manifest.made_at},
                             {"recordings", blobs.blobs}, {"bytes", blobs.bytes},
                             {"copied", blobs.copied},    {"damaged", blobs.damaged},
                             {"missing", blobs.missing}};
    line["named"] = boost::json::array(blobs.named.begin(), blobs.named.end());
    print_json(output.out, line);
    return;
  }
  output.out << fmt::format("{}: {} recordings ({}), {} of them copied now\n", folder.string(), blobs.blobs,
                            bytes_text(blobs.bytes), blobs.copied);
  if (!blobs.named.empty()) {
    output.out << fmt::format("not in the backup: {} damaged, {} missing:\n", blobs.damaged, blobs.missing);
    for (const std::string& name : blobs.named) output.out << "  " << name << '\n';
  }
  if (!has_key) output.out << "SECRET_KEY is not in the backup: keep it elsewhere, for a restore needs it\n";
}

}  // namespace

int back_up(const Settings& settings, const std::filesystem::path& folder, Clock& clock, Random& random,
            const Output& output) {
  Backup backup(settings, std::filesystem::absolute(folder).lexically_normal(), clock, random);
  Result<BackupOutcome> outcome;
  {
    CopyProgressView view(output, clock);
    outcome = backup.run([&view](const CopyProgress& progress) { view.show(progress); });
  }
  if (!outcome) return fail_command(output, outcome.error());
  report(*outcome, folder, settings.secret_key.empty(), output);
  return outcome->blobs.named.empty() ? kDone : kFailed;
}

}  // namespace tapedeck
