#pragma once

#include <span>

#include "calls/sql/migration.hpp"
#include "calls/sqlite/database.hpp"

namespace tapedeck::sqlite {

/// In order, from version 1 without gaps. Made at build time by embed_migrations.cmake.
[[nodiscard]] std::span<const sql::Migration> migrations() noexcept;

/// Brings the schema up to date, in one transaction; several processes may do it at once. Errors: kConflict when a
/// newer Tapedeck made the schema; kCorrupt when the file is another program's, or damaged; those of Database::open().
[[nodiscard]] Result<void> migrate(Database& database);

}  // namespace tapedeck::sqlite
