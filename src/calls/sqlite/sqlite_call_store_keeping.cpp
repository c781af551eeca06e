#include "calls/sqlite/sqlite_call_store.hpp"

#include "calls/sqlite/keeping.hpp"

// The store's functions about what is kept and what is forgotten, in the manner of sqlite_call_store.cpp.

namespace tapedeck {

using sqlite::Database;
using sqlite::read;
using sqlite::write;

Task<Result<RecordingChange>> SqliteCallStore::set_hold(BusinessId business, Sid sid, std::optional<Hold> hold) {
  return write(writes_, [business = std::move(business), sid = std::move(sid), hold = std::move(hold)](
                            Database& database) { return sqlite::set_hold(database, business, sid, hold); });
}

Task<Result<bool>> SqliteCallStore::reschedule_deletions(int limit) {
  return write(writes_, [limit](Database& database) { return sqlite::reschedule_deletions(database, limit); });
}

Task<Result<std::vector<Recording>>> SqliteCallStore::expire(SystemTime now, int limit) {
  return write(writes_, [now, limit](Database& database) { return sqlite::expire(database, now, limit); });
}

Task<Result<ErasedCall>> SqliteCallStore::erase_call(BusinessId business, CallSid call, EraseOrder order) {
  return write(writes_, [business = std::move(business), call = std::move(call), order = std::move(order)](
                            Database& database) { return sqlite::erase_call(database, business, call, order); });
}

Task<Result<std::vector<Recording>>> SqliteCallStore::recordings_of(BusinessId business, std::string after_sid,
                                                                    int limit) {
  return read(reads_, [business = std::move(business), after_sid = std::move(after_sid), limit](Database& database) {
    return sqlite::recordings_of(database, business, after_sid, limit);
  });
}

Task<Result<bool>> SqliteCallStore::note_damage(std::int64_t row_id, std::string blob_key,
                                                std::optional<std::string> damage) {
  return write(writes_, [row_id, blob_key = std::move(blob_key), damage = std::move(damage)](Database& database) {
    return sqlite::note_damage(database, row_id, blob_key, damage);
  });
}

Task<Result<RecordingChange>> SqliteCallStore::refetch(BusinessId business, Sid sid, Lane lane, SystemTime now) {
  return write(writes_, [business = std::move(business), sid = std::move(sid), lane, now](Database& database) {
    return sqlite::refetch(database, business, sid, lane, now);
  });
}

Task<Result<std::vector<Recording>>> SqliteCallStore::due_source_deletions(SystemTime now, int limit) {
  return read(reads_, [now, limit](Database& database) { return sqlite::due_source_deletions(database, now, limit); });
}

Task<Result<void>> SqliteCallStore::settle_source(std::int64_t row_id, SourceOutcome outcome) {
  return write(writes_,
               [row_id, outcome](Database& database) { return sqlite::settle_source(database, row_id, outcome); });
}

Task<Result<AuditPage>> SqliteCallStore::list_audit(AuditQuery query) {
  return read(reads_, [query = std::move(query)](Database& database) { return sqlite::list_audit(database, query); });
}

}  // namespace tapedeck
