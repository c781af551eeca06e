#pragma once

#include <utility>
#include <vector>

#include "calls/sql/functions.hpp"
#include "calls/sqlite/call_list.hpp"
#include "calls/sqlite/read_pool.hpp"
#include "calls/sqlite/write_queue.hpp"

namespace tapedeck::sqlite {

/// What SqlCallStore runs on: a writer that shares its syncs, and a few readers.
struct Engine {
  Engine(Database writer, Database checkpointer, std::vector<Database> readers, std::size_t reads_queue_max,
         WriteQueueOptions options)
      : reads(std::move(readers), reads_queue_max), writes(std::move(writer), std::move(checkpointer), options) {}

  template <class Function>
  auto read(Function function) {
    return run_job(reads, std::move(function));
  }
  template <class Function>
  auto write(Function function) {
    return run_job(writes, std::move(function));
  }
  static constexpr auto list_calls = &sqlite::list_calls;
  /// SQLite numbers rows, and places in the order of asking, from the greatest that is there.
  static constexpr auto finish_archive = &sql::finish_archive;

  ReadPool reads;
  WriteQueue writes;
};

}  // namespace tapedeck::sqlite
