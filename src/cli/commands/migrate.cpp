#include <cstring>
#include <vector>

#include <fmt/format.h>

#include "calls/copy/migration.hpp"
#include "calls/postgres/connection_string.hpp"
#include "cli/command.hpp"
#include "cli/commands/migrate_report.hpp"
#include "cli/view/copy_view.hpp"
#include "main/data_dir.hpp"
#include "main/secret_key.hpp"
#include "runtime/run_task.hpp"

namespace tapedeck {
namespace {

struct MigrateOptions {
  std::string to_database;  ///< as typed; empty: the call store stays where it is
  std::string to_storage;   ///< empty: the blob store stays where it is
  bool is_final = false;
  bool leave_damaged = false;
  bool is_dry_run = false;
};

/// The settings of a server that uses the target stores.
struct MigrationTarget {
  Settings settings;
  std::optional<std::filesystem::path> data_dir;  ///< where one of the targets is a directory
};

/// Threads that read and write files.
constexpr std::size_t kFileThreads = 4;
/// Time that a final run waits until the sessions of stopped servers have ended.
constexpr Milliseconds kUsersPatience{5'000};
constexpr Milliseconds kUsersPause{100};

bool is_postgres(std::string_view url) { return url.starts_with("postgresql://") || url.starts_with("postgres://"); }

// "sqlite:PATH", "file:PATH", "file://PATH" or "PATH".
Result<std::filesystem::path> directory_of(std::string_view flag, std::string_view scheme, std::string_view text) {
  std::string_view path = text;
  if (path.starts_with(scheme)) {
    path.remove_prefix(scheme.size());
    if (path.starts_with("//")) path.remove_prefix(2);
  }
  if (path.empty() || path.contains("://")) {
    return fail(Errc::kInvalidArgument, fmt::format("{}: expected {}, or the path of the new DATA_DIR", flag,
                                                    scheme == "sqlite:" ? "postgresql://…" : "s3://…"));
  }
  const std::filesystem::path directory = std::filesystem::absolute(path).lexically_normal();
  return directory.filename() == kDatabaseFile ? directory.parent_path() : directory;
}

Result<void> take_directory(MigrationTarget& target, const Result<std::filesystem::path>& directory) {
  if (!directory) return fail(directory.error());
  if (target.data_dir && *target.data_dir != *directory) {
    return fail(Errc::kInvalidArgument,
                "--to-database and --to-storage name two directories, but a server has one DATA_DIR");
  }
  target.data_dir = *directory;
  target.settings.data_dir = *directory;
  return {};
}

// Error kInvalidArgument: no target is named, one is malformed, or two directories differ.
Result<MigrationTarget> migration_target(const Settings& source, const MigrateOptions& options) {
  if (options.to_database.empty() && options.to_storage.empty()) {
    return fail(Errc::kInvalidArgument, "expected --to-database URL, --to-storage URL, or both");
  }
  MigrationTarget target{source, std::nullopt};
  if (is_postgres(options.to_database)) {
    const auto where = postgres::ConnectionString::parse(options.to_database);
    if (!where) return fail(Errc::kInvalidArgument, fmt::format("--to-database: {}", where.error().detail));
    target.settings.database_url = options.to_database;
  } else if (!options.to_database.empty()) {
    target.settings.database_url.clear();
    const auto taken = take_directory(target, directory_of("--to-database", "sqlite:", options.to_database));
    if (!taken) return fail(taken.error());
  }
  if (options.to_storage.starts_with("s3://")) {
    target.settings.storage_url = options.to_storage;
  } else if (!options.to_storage.empty()) {
    target.settings.storage_url.clear();
    const auto taken = take_directory(target, directory_of("--to-storage", "file:", options.to_storage));
    if (!taken) return fail(taken.error());
  }
  return target;
}

bool is_same_place(const std::filesystem::path& one, const std::filesystem::path& other) {
  std::error_code ignored;
  return std::filesystem::weakly_canonical(one, ignored) == std::filesystem::weakly_canonical(other, ignored);
}

// Names our sessions, so that expect_no_users() does not count them.
std::string with_name(const std::string& url) {
  if (url.empty()) return url;
  return fmt::format("{}{}application_name=tapedeck%20migrate", url, url.contains('?') ? '&' : '?');
}

Result<void> expect_source(const Settings& settings) {
  std::error_code ignored;
  const std::filesystem::path file = settings.data_dir / kDatabaseFile;
  if (!settings.database_url.empty() || std::filesystem::exists(file, ignored)) return {};
  return fail(Errc::kNotFound,
              fmt::format("{}: there is nothing to copy; set DATA_DIR or DATABASE_URL", file.string()));
}

// A random number, unique to the new store.
std::int64_t new_store_id(Random& random) {
  const std::string bytes = random.bytes(sizeof(std::uint64_t));
  std::uint64_t number = 0;
  std::memcpy(&number, bytes.data(), sizeof(number));
  return static_cast<std::int64_t>(number >> 1);
}

// What a run has open, in the order of dependence.
class MigrationRun {
 public:
  MigrationRun(CommandContext& context, const MigrateOptions& options)
      : options_(options), clock_(context.clock), random_(context.random), settings_(context.settings) {
    settings_.database_url = with_name(settings_.database_url);
  }

  Result<void> open() {
    auto target = migration_target(settings_, options_);
    if (!target) return fail(target.error());
    target_ = std::move(*target);
    if (!options_.to_database.empty()) target_.settings.database_url = with_name(target_.settings.database_url);
    if (auto there = expect_source(settings_); !there) return there;
    if (auto locked = lock(); !locked) return locked;
    auto key = load_secret_key(settings_, random_);
    if (!key) return fail(key.error());
    key_ = std::move(*key);
    auto source = open_call_store(settings_, key_);
    if (!source) return fail(source.error());
    source_ = std::move(*source);
    return {};
  }

  Result<MigrationOutcome> migrate(CopyView& view) {
    if (auto opened = open_target(); !opened) return fail(opened.error());
    if (options_.is_final) {
      if (auto alone = expect_no_users(); !alone) return fail(alone.error());
    }
    MigrationRoute route{.rows = source_.archive()};
    if (copy_) route.copy = &copy_->archive();
    if (blobs_copy_) {
      route.blobs = &blobs_->store();
      route.blobs_copy = &blobs_copy_->store();
    }
    const MigrationOptions options{options_.is_final, options_.leave_damaged, new_store_id(random_)};
    const PassWatcher watch_pass = [&view](int pass) { view.begin_pass(pass); };
    auto outcome = run_task(tapedeck::migrate(route, options, view.watcher(), watch_pass));
    if (outcome && copy_ && copy_->embedded) {
      if (auto kept = keep_secret_key(*target_.data_dir, key_, random_); !kept) return fail(kept.error());
    }
    return outcome;
  }

  [[nodiscard]] CallArchive& rows() const { return source_.archive(); }
  // True when the source has its key in a file and the target needs it in the environment.
  [[nodiscard]] bool key_must_be_set() const {
    return settings_.secret_key.empty() && !options_.to_database.empty() && !target_.data_dir;
  }

 private:
  // A server may use the source unless this is the final run. No server may use the target.
  Result<void> lock() {
    const bool is_in_place = target_.data_dir && is_same_place(*target_.data_dir, settings_.data_dir);
    if (is_in_place && !options_.to_database.empty()) {
      return fail(Errc::kInvalidArgument, "--to-database names the DATA_DIR that is copied: name another");
    }
    std::vector<std::filesystem::path> directories;
    if (target_.data_dir && !is_in_place && !options_.is_dry_run) directories.push_back(*target_.data_dir);
    if (options_.is_final && settings_.database_url.empty()) directories.push_back(settings_.data_dir);
    for (const auto& directory : directories) {
      auto lock = DataDirLock::acquire(directory);
      if (!lock) return fail(lock.error());
      locks_.push_back(std::move(*lock));
    }
    return {};
  }

  Result<void> open_target() {
    if (!options_.to_database.empty()) {
      auto copy = open_call_store(target_.settings, key_, UnfinishedCopy::kAccepted);
      if (!copy) return fail(copy.error().errc(), fmt::format("--to-database: {}", copy.error().detail));
      copy_ = std::move(*copy);
    }
    if (options_.to_storage.empty()) return {};
    auto blobs = open_blob_store(settings_, disk_, clock_, random_);
    if (!blobs) return fail(blobs.error());
    blobs_ = std::move(*blobs);
    auto copy = open_blob_store(target_.settings, disk_, clock_, random_);
    if (!copy) return fail(copy.error().errc(), fmt::format("--to-storage: {}", copy.error().detail));
    blobs_copy_ = std::move(*copy);
    const auto answered = run_task(blobs_copy_->store().ping());
    if (!answered) return fail(answered.error().errc(), fmt::format("--to-storage: {}", answered.error().detail));
    return {};
  }

  Result<void> expect_no_users() {
    const auto users = run_task(count_users(source_.archive(), clock_));
    if (!users) return fail(users.error());
    if (*users == 0) return {};
    return fail(Errc::kConflict,
                fmt::format("{} sessions of other processes have the source's database open: stop every "
                            "process that uses it, then run this again",
                            *users));
  }

  static Task<Result<std::int64_t>> count_users(CallArchive& archive, Clock& clock) {
    const SteadyTime until = clock.steady_now() + kUsersPatience;
    while (true) {
      const auto users = co_await archive.archive_users();
      if (!users || *users == 0 || clock.steady_now() >= until) co_return users;
      std::stop_token never;
      co_await clock.sleep_for(kUsersPause, never);
    }
  }

  const MigrateOptions& options_;
  Clock& clock_;
  Random& random_;
  Settings settings_;
  MigrationTarget target_;
  std::vector<DataDirLock> locks_;
  std::string key_;
  OffloadPool disk_{"disk", kFileThreads};
  OpenCallStore source_;
  std::optional<OpenCallStore> copy_;
  std::optional<OpenBlobStore> blobs_;
  std::optional<OpenBlobStore> blobs_copy_;
};

Result<int> run_migrate(CommandContext& context, const MigrateOptions& options) {
  MigrationRun run(context, options);
  if (auto opened = run.open(); !opened) return fail(opened.error());
  const Output& output = context.output;
  if (options.is_dry_run) {
    return report_plan(run.rows(), !options.to_database.empty(), !options.to_storage.empty(), output);
  }
  CopyView view(context);
  const auto outcome = run.migrate(view);
  view.clear();
  if (!outcome) return fail(outcome.error());
  const int code = report_migration(*outcome, output);
  if (run.key_must_be_set()) {
    output.err << fmt::format("The new stores need the same key: set SECRET_KEY to the contents of {}.\n",
                              (context.settings.data_dir / kSecretKeyFile).string());
  }
  return code;
}

}  // namespace

void add_migrate(CommandSet& commands) {
  auto [migrate, options] = commands.add<MigrateOptions>(
      {"migrate", "Copy everything to other stores, beside running servers; --final completes the migration.",
       "  tapedeck migrate --to-database postgresql://tapedeck@db/tapedeck --to-storage s3://recordings\n"
       "  tapedeck migrate --to-database /var/lib/tapedeck --to-storage /var/lib/tapedeck --final"},
      run_migrate);
  migrate.option("--to-database", "URL", &options.to_database,
                 "postgresql://..., or the path of the new DATA_DIR (also sqlite:PATH).");
  migrate.option("--to-storage", "URL", &options.to_storage,
                 "s3://..., or the path of the new DATA_DIR (also file:PATH).");
  migrate.flag("--final", options.is_final,
               "All servers are stopped: copy the rest, compare everything, and let servers use the copy.");
  migrate.flag("--leave-damaged", options.leave_damaged,
               "With --final: accept that damaged and missing recordings are not copied.");
  migrate.flag("--dry-run", options.is_dry_run, "Count what would be copied; copy nothing.");
}

}  // namespace tapedeck
