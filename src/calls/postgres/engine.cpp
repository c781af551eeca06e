#include "calls/postgres/engine.hpp"

#include "calls/sql/functions.hpp"

namespace tapedeck::postgres {

// Places in the order of asking are compared among those that wait, so the sequence goes on from their last one.
Result<void> finish_archive(Database& database) {
  (void)database.query(
      "SELECT setval(pg_get_serial_sequence('calls', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM calls), false),"
      " setval(pg_get_serial_sequence('recordings', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM recordings), false),"
      " setval(pg_get_serial_sequence('imports', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM imports), false),"
      " setval(pg_get_serial_sequence('api_keys', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM api_keys), false),"
      " setval(pg_get_serial_sequence('audit', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM audit), false),"
      " setval('wanted_orders', (SELECT coalesce(max(wanted_order), 0) + 1 FROM recordings"
      " WHERE state IN ('queued', 'processing')), false)");
  return sql::finish_archive(database);
}

}  // namespace tapedeck::postgres
