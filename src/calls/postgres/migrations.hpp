#pragma once

#include <span>

#include "calls/postgres/database.hpp"
#include "calls/sql/migration.hpp"

namespace tapedeck::postgres {

/// In order, from version 1 without gaps. Made at build time by cmake/embed_migrations.cmake.
[[nodiscard]] std::span<const sql::Migration> migrations() noexcept;

/// How long to wait while another process changes the schema.
inline constexpr Seconds kMigrationPatience{600};

/// Brings the schema `tapedeck` up to date, in one transaction: one process does it, while others wait for at most
/// `patience`. Tables of other programs in the same database are not touched. Reads only when the schema is up to date,
/// so a standby will do then. Errors: kConflict when a newer Tapedeck made the schema, or the database is not in UTF-8;
/// kCorrupt when there is another program's schema of that name; kReadOnly; kUnavailable, with what the role lacks,
/// where it is that. Throws StorageFailure when the connection breaks.
[[nodiscard]] Result<void> migrate(Database& database, Seconds patience = kMigrationPatience);

}  // namespace tapedeck::postgres
