#include "calls/sqlite/sqlite_call_store.hpp"

#include <fmt/format.h>

#include "calls/sqlite/migrations.hpp"

namespace tapedeck {

template class sql::SqlCallStore<sqlite::Engine>;

using sqlite::Database;

namespace {

// A change of one row that every open database has.
class Probe final : public sqlite::Job {
 public:
  bool run(Database& database) override {
    const auto change = [](Database& target) -> Result<void> {
      target.run("UPDATE meta SET value = value + 1 WHERE key = 'probe'");
      return {};
    };
    result_ = sqlite::run_guarded<Result<void>>(change, database);
    return result_.has_value();
  }
  Error failure() const override { return result_ ? Error() : result_.error(); }
  void fail(const Error&) override {}

 private:
  Result<void> result_;
};

}  // namespace

Result<std::unique_ptr<SqliteCallStore>> SqliteCallStore::open(const std::string& path, const SecretBox& secrets,
                                                               SqliteOptions options) {
  auto writer = Database::open(path, options.database);
  if (!writer) return fail(writer.error());
  const auto migrated = sqlite::migrate(*writer);
  if (!migrated) {
    return fail(migrated.error().errc(), fmt::format("{}: {}", path, migrated.error().detail));
  }
  auto checkpointer = Database::open(path, options.database);
  if (!checkpointer) return fail(checkpointer.error());
  sqlite::DatabaseOptions read_options = options.database;
  read_options.query_only = true;
  std::vector<Database> readers;
  for (std::size_t i = 0; i < options.readers; ++i) {
    auto reader = Database::open(path, read_options);
    if (!reader) return fail(reader.error());
    readers.push_back(std::move(*reader));
  }
  return std::unique_ptr<SqliteCallStore>(new SqliteCallStore(secrets, std::move(*writer), std::move(*checkpointer),
                                                              std::move(readers), options.reads_queue_max,
                                                              options.writes));
}

Task<Result<std::int64_t>> SqliteCallStore::archive_users() {
  co_return std::int64_t{0};  // whoever has a DATA_DIR holds its lock
}

Task<Result<void>> SqliteCallStore::ping() {
  const auto failure = engine().writes.last_failure();
  if (failure) {
    probe();
    co_return fail(*failure);
  }
  auto look = [](Database& database) -> Result<void> {
    (void)database.query("SELECT value FROM meta LIMIT 1").next();
    return {};
  };
  Result<void> seen = co_await engine().read(look);
  co_return seen;
}

// One at a time is enough: while changes wait, they are the probe.
void SqliteCallStore::probe() {
  if (engine().writes.queued() > 0) return;
  auto job = std::make_unique<Probe>();
  sqlite::QueuedJob queued{job.get(), std::nullopt, std::move(job)};
  (void)engine().writes.post(queued);
}

SqliteCounts SqliteCallStore::counts() const {
  return {.commits = engine().writes.commits(),
          .writes_queued = engine().writes.queued(),
          .reads_queued = engine().reads.queued()};
}

}  // namespace tapedeck
