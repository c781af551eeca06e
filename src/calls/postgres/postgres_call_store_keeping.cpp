#include "calls/postgres/postgres_call_store.hpp"

#include "calls/postgres/keeping.hpp"

// The store's functions about what is kept and what is forgotten, in the manner of postgres_call_store.cpp.

namespace tapedeck {

using postgres::Database;
using postgres::run_on;

Task<Result<RecordingChange>> PostgresCallStore::set_hold(BusinessId business, Sid sid, std::optional<Hold> hold) {
  return run_on(changes_, [business = std::move(business), sid = std::move(sid), hold = std::move(hold)](
                              Database& database) { return postgres::set_hold(database, business, sid, hold); });
}

Task<Result<bool>> PostgresCallStore::reschedule_deletions(int limit) {
  return run_on(changes_, [limit](Database& database) { return postgres::reschedule_deletions(database, limit); });
}

Task<Result<std::vector<Recording>>> PostgresCallStore::expire(SystemTime now, int limit) {
  return run_on(changes_, [now, limit](Database& database) { return postgres::expire(database, now, limit); });
}

Task<Result<ErasedCall>> PostgresCallStore::erase_call(BusinessId business, CallSid call, EraseOrder order) {
  return run_on(changes_, [business = std::move(business), call = std::move(call), order = std::move(order)](
                              Database& database) { return postgres::erase_call(database, business, call, order); });
}

Task<Result<std::vector<Recording>>> PostgresCallStore::recordings_of(BusinessId business, std::string after_sid,
                                                                      int limit) {
  return run_on(reads_, [business = std::move(business), after_sid = std::move(after_sid), limit](Database& database) {
    return postgres::recordings_of(database, business, after_sid, limit);
  });
}

Task<Result<bool>> PostgresCallStore::note_damage(std::int64_t row_id, std::string blob_key,
                                                  std::optional<std::string> damage) {
  return run_on(changes_, [row_id, blob_key = std::move(blob_key), damage = std::move(damage)](Database& database) {
    return postgres::note_damage(database, row_id, blob_key, damage);
  });
}

Task<Result<RecordingChange>> PostgresCallStore::refetch(BusinessId business, Sid sid, Lane lane, SystemTime now) {
  return run_on(changes_, [business = std::move(business), sid = std::move(sid), lane, now](Database& database) {
    return postgres::refetch(database, business, sid, lane, now);
  });
}

Task<Result<std::vector<Recording>>> PostgresCallStore::due_source_deletions(SystemTime now, int limit) {
  return run_on(reads_,
                [now, limit](Database& database) { return postgres::due_source_deletions(database, now, limit); });
}

Task<Result<void>> PostgresCallStore::settle_source(std::int64_t row_id, SourceOutcome outcome) {
  return run_on(changes_,
                [row_id, outcome](Database& database) { return postgres::settle_source(database, row_id, outcome); });
}

Task<Result<AuditPage>> PostgresCallStore::list_audit(AuditQuery query) {
  return run_on(reads_,
                [query = std::move(query)](Database& database) { return postgres::list_audit(database, query); });
}

}  // namespace tapedeck
