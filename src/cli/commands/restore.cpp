#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "calls/copy/blob_copy.hpp"
#include "cli/command.hpp"
#include "cli/commands/backup_folder.hpp"
#include "cli/view/copy_view.hpp"
#include "main/data_dir.hpp"
#include "main/secret_key.hpp"
#include "runtime/run_task.hpp"

namespace tapedeck {
namespace {

/// The database while its recordings are copied. A DATA_DIR that has this file is that of an interrupted restore.
constexpr const char* kUnfinishedFile = "restoring.db";

struct RestoreOptions {
  std::string folder;
};

struct RestoreOutcome {
  BackupManifest manifest;
  std::int64_t businesses = 0;
  std::int64_t calls = 0;
  std::map<std::string, std::int64_t> recordings;  ///< by state
  BlobOutcome blobs;
};

Result<void> expect_empty(const std::filesystem::path& data_dir) {
  std::error_code problem;
  if (std::filesystem::exists(data_dir / kUnfinishedFile, problem) &&
      !std::filesystem::exists(data_dir / kDatabaseFile, problem)) {
    return {};
  }
  for (const auto& entry : std::filesystem::directory_iterator(data_dir, problem)) {
    if (entry.path().filename() == kPidFile) continue;
    return fail(Errc::kConflict,
                fmt::format("DATA_DIR {} is not empty (it has {}): move its contents away, or set another DATA_DIR",
                            data_dir.string(), entry.path().filename().string()));
  }
  if (problem) return fail(Errc::kIo, fmt::format("{}: {}", data_dir.string(), problem.message()));
  return {};
}

Task<Result<std::map<std::string, std::int64_t>>> count_states(CallArchive& rows) {
  constexpr std::size_t kState = archive_column(ArchiveTable::kRecordings, "state");
  std::map<std::string, std::int64_t> counts;
  ArchivePages pages(rows, ArchiveTable::kRecordings);
  while (true) {
    const auto page = co_await pages.next();
    if (!page) co_return fail(page.error());
    if (page->empty()) co_return counts;
    for (const ArchiveRow& row : *page) ++counts[std::get<std::string>(row[kState])];
  }
}

class Restore {
 public:
  Restore(const Settings& settings, std::filesystem::path folder, Random& random)
      : settings_(settings), folder_(std::move(folder)), random_(random) {}

  Result<RestoreOutcome> run(CopyView& view) {
    if (auto alone = expect_embedded(settings_, "restore"); !alone) return fail(alone.error());
    RestoreOutcome outcome;
    auto manifest = read_manifest(folder_);
    if (!manifest) return fail(manifest.error());
    outcome.manifest = std::move(*manifest);
    if (auto good = check_database(outcome.manifest); !good) return fail(good.error());
    auto lock = DataDirLock::acquire(settings_.data_dir);
    if (!lock) return fail(lock.error());
    if (auto empty = expect_empty(settings_.data_dir); !empty) return fail(empty.error());
    auto key = bring_key();
    if (!key) return fail(key.error());
    if (auto brought = bring_database(outcome.manifest); !brought) return fail(brought.error());
    if (auto filled = bring_recordings(outcome, *key, view); !filled) return fail(filled.error());
    if (auto finished = finish(); !finished) return fail(finished.error());
    return outcome;
  }

 private:
  [[nodiscard]] std::filesystem::path unfinished() const { return settings_.data_dir / kUnfinishedFile; }

  Result<void> check_database(const BackupManifest& manifest) {
    const auto digest = sha256_of_file(folder_ / manifest.database);
    if (!digest) return fail(digest.error());
    if (*digest == manifest.database_sha256) return {};
    return fail(Errc::kCorrupt, fmt::format("{}: the database is damaged: its SHA-256 is not the one in {}",
                                            (folder_ / manifest.database).string(), kManifestFile));
  }

  // The backup's key or, if it has none, that of the settings.
  Result<std::string> bring_key() {
    std::error_code ignored;
    if (std::filesystem::exists(folder_ / kSecretKeyFile, ignored)) {
      Settings backup = settings_;
      backup.data_dir = folder_;
      backup.secret_key.clear();
      auto key = load_secret_key(backup, random_);
      if (!key) return key;
      if (!settings_.secret_key.empty() && settings_.secret_key != *key) {
        return fail(Errc::kConflict, "SECRET_KEY is not the key of the backup: unset it");
      }
      if (auto kept = keep_secret_key(settings_.data_dir, *key, random_); !kept) return fail(kept.error());
      return key;
    }
    if (!settings_.secret_key.empty()) return settings_.secret_key;
    return fail(Errc::kInvalidArgument,
                "the backup holds no key: set SECRET_KEY to the one of the server that was backed up");
  }

  // Copies the database anew after an interrupted restore: the file may be incomplete, and a copy takes seconds.
  Result<void> bring_database(const BackupManifest& manifest) {
    std::error_code problem;
    for (const char* suffix : {"", "-wal", "-shm"}) {
      std::filesystem::remove(unfinished().string() + suffix, problem);
      if (problem) return fail(Errc::kIo, fmt::format("{}: {}", unfinished().string(), problem.message()));
    }
    return copy_file_durably(folder_ / manifest.database, unfinished());
  }

  Result<void> bring_recordings(RestoreOutcome& outcome, const std::string& key, CopyView& view) {
    auto database = open_database(unfinished(), key);
    if (!database) return fail(database.error());
    SqliteCallStore& rows = *database->embedded;
    const auto businesses = run_task(rows.list_businesses());  // opens every credential with the key
    if (!businesses) return fail(businesses.error());
    outcome.businesses = static_cast<std::int64_t>(businesses->size());
    const auto calls = run_task(rows.archive_count(ArchiveTable::kCalls));
    if (!calls) return fail(calls.error());
    outcome.calls = *calls;
    auto states = run_task(count_states(rows));
    if (!states) return fail(states.error());
    outcome.recordings = std::move(*states);
    FilesystemBlobStore source(disk_, (folder_ / kBlobFolder).string());
    FilesystemBlobStore copy(disk_, (settings_.data_dir / kBlobFolder).string());
    auto copied = run_task(copy_blobs({rows, rows, source, copy}, view.watcher()));
    if (!copied) return fail(copied.error());
    outcome.blobs = std::move(*copied);
    return {};
  }

  // The database gets its own name last, so that no server starts on an incomplete DATA_DIR.
  Result<void> finish() {
    std::error_code problem;
    std::filesystem::rename(unfinished(), settings_.data_dir / kDatabaseFile, problem);
    if (problem) return fail(Errc::kIo, fmt::format("{}: {}", unfinished().string(), problem.message()));
    return sync_folder(settings_.data_dir);
  }

  const Settings& settings_;
  const std::filesystem::path folder_;
  Random& random_;
  OffloadPool disk_{"disk", kCopyDiskThreads};
};

void report(const RestoreOutcome& outcome, const Output& output) {
  const BlobOutcome& blobs = outcome.blobs;
  const std::int64_t verified = blobs.blobs - blobs.damaged - blobs.missing;
  if (output.json) {
    boost::json::object states;
    for (const auto& [state, count] : outcome.recordings) states[state] = count;
    print_json(output.out, {{"outcome", "restored"},
                            {"made_at", outcome.manifest.made_at},
                            {"businesses", outcome.businesses},
                            {"calls", outcome.calls},
                            {"recordings", std::move(states)},
                            {"verified", verified},
                            {"bytes", blobs.bytes},
                            {"damaged", blobs.damaged},
                            {"missing", blobs.missing},
                            {"named", boost::json::array(blobs.named.begin(), blobs.named.end())}});
    return;
  }
  output.out << fmt::format("restored the backup of {}: {} businesses, {} calls\n", outcome.manifest.made_at,
                            outcome.businesses, outcome.calls);
  for (const auto& [state, count] : outcome.recordings) output.out << fmt::format("recordings {}: {}\n", state, count);
  output.out << fmt::format("verified: {} recordings ({})\n", verified, bytes_text(blobs.bytes));
  print_unusable(output.out, "without audio", blobs);
}

Result<int> run_restore(CommandContext& context, const RestoreOptions& options) {
  CopyView view(context);
  const std::filesystem::path folder = std::filesystem::absolute(options.folder).lexically_normal();
  const auto outcome = Restore(context.settings, folder, context.random).run(view);
  view.clear();
  if (!outcome) return fail(outcome.error());
  report(*outcome, context.output);
  return outcome->blobs.named.empty() ? kDone : kFailed;
}

}  // namespace

void add_restore(CommandSet& commands) {
  auto [restore, options] =
      commands.add<RestoreOptions>({"restore", "Fill an empty DATA_DIR from a backup.",
                                    "  tapedeck restore /mnt/backup/tapedeck --data-dir /var/lib/tapedeck"},
                                   run_restore);
  restore.argument("FOLDER", &options.folder, "The backup.");
}

}  // namespace tapedeck
