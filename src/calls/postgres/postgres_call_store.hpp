#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/secret_box.hpp"
#include "calls/postgres/engine.hpp"
#include "calls/sql/sql_call_store.hpp"

namespace tapedeck {

// Compiled in postgres_call_store.cpp alone: it takes half a minute.
extern template class sql::SqlCallStore<postgres::Engine>;

struct PostgresOptions {
  postgres::DatabaseLimits limits;
  /// Two pools, so that changes that wait for a lock or for the disk do not delay a play of a stored recording.
  /// Together they are the most connections of this process. Connections that commit at the same time share the
  /// server's syncs.
  postgres::PoolOptions reads{.connections = 4};
  postgres::PoolOptions changes{.connections = 8};
  /// How long to wait for another process that changes the schema.
  Seconds migration_patience{600};
};

/// For metrics.
struct PostgresCounts {
  std::uint64_t commits = 0;   ///< transactions since the start
  std::uint64_t connects = 0;  ///< connections made since the start; those above the pools' sizes were lost
  std::size_t writes_queued = 0;
  std::size_t reads_queued = 0;
};

/// The call store in PostgreSQL 14 or newer, in a schema `tapedeck` of its own; any number of processes may share it.
/// A few connections read and a few change, each on a thread of its own. ADR 0013 says why, and why nothing is lost or
/// done twice when a connection breaks.
class PostgresCallStore final : public sql::SqlCallStore<postgres::Engine> {
 public:
  /// Connects, and brings the schema up to date. `url`: postgresql://…, as libpq takes it. `secrets` must outlive the
  /// store. Errors, none of which holds the password: kInvalidArgument when the URL is none; kUnavailable when the
  /// database cannot be reached, with how to mend it; those of postgres::migrate(). Blocks, for connect_timeout or for
  /// as long as the schema changes.
  [[nodiscard]] static Result<std::unique_ptr<PostgresCallStore>> open(std::string_view url, const SecretBox& secrets,
                                                                       PostgresOptions options = {});

  Task<Result<std::int64_t>> archive_users() override;
  /// Asks whether the database takes changes. After a failure that the next job would meet too it answers that failure
  /// at once, and tries a change meanwhile, so that the next call knows whether the store has recovered.
  Task<Result<void>> ping() override;

  /// Cheap. Thread-safe.
  [[nodiscard]] PostgresCounts counts() const;

 private:
  using SqlCallStore::SqlCallStore;
  void probe();
};

}  // namespace tapedeck
