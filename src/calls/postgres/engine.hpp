#pragma once

#include <utility>

#include "calls/postgres/call_list.hpp"
#include "calls/postgres/connection_pool.hpp"

namespace tapedeck::postgres {

/// SqlCallStore's, with the numbers that the sequences go on from. Throws StorageFailure.
[[nodiscard]] Result<void> finish_archive(Database& database);

/// What SqlCallStore runs on: connections that read, and others that change.
struct Engine {
  Engine(const ConnectionString& where, const DatabaseLimits& limits, const PoolOptions& read_options,
         const PoolOptions& change_options)
      : reads("db-read", Access::kRead, where, limits, read_options),
        changes("db-change", Access::kChange, where, limits, change_options) {}

  template <class Function>
  auto read(Function function) {
    return run_on(reads, std::move(function));
  }
  template <class Function>
  auto write(Function function) {
    return run_on(changes, std::move(function));
  }
  static constexpr auto list_calls = &postgres::list_calls;
  static constexpr auto finish_archive = &postgres::finish_archive;

  ConnectionPool reads;
  ConnectionPool changes;
};

}  // namespace tapedeck::postgres
