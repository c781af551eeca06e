#include <algorithm>

#include "calls/sql/functions.hpp"
#include "calls/sql/row_insert.hpp"
#include "calls/sql/rows.hpp"

namespace tapedeck::sql {

Result<void> append_audit(Session& session, const std::vector<AuditEntry>& entries) {
  // All columns but the id, which the table gives.
  static const RowInsert insert("audit", std::span(archive_columns::kAuditColumns).subspan(1), "");
  std::vector<ArchiveRow> rows;
  rows.reserve(entries.size());
  for (const AuditEntry& entry : entries) {
    rows.push_back({std::int64_t{entry.at.time_since_epoch().count()}, entry.business.str(), entry.actor, entry.action,
                    entry.sid, entry.detail});
  }
  insert.run(session, rows);
  return {};
}

Result<AuditPage> list_audit(Session& session, const AuditQuery& query) {
  const int limit = std::clamp(query.limit, 1, kAuditPageMax);
  const AuditCursor after = query.cursor.value_or(AuditCursor{SystemTime::min(), 0});
  AuditPage page;
  std::int64_t last_id = 0;
  Rows rows = session.query(
      "SELECT id, at, business_id, actor, action, sid, detail FROM audit"
      " WHERE business_id = ?1 AND (at, id) > (?2, ?3) AND at >= ?4 AND at < ?5 ORDER BY at, id LIMIT ?6",
      query.business, after.at, after.id, query.since.value_or(SystemTime::min()),
      query.until.value_or(SystemTime::max()), limit + 1);
  while (rows.next()) {
    if (std::ssize(page.entries) == limit) {
      page.next = AuditCursor{page.entries.back().at, last_id};
      break;
    }
    last_id = rows.integer(0);
    page.entries.push_back({.at = rows.time(1),
                            .business = read_id<BusinessId>(rows, 2),
                            .actor = rows.text(3),
                            .action = rows.text(4),
                            .sid = rows.text(5),
                            .detail = rows.text(6)});
  }
  return page;
}

}  // namespace tapedeck::sql
