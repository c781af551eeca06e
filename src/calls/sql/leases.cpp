#include "calls/sql/functions.hpp"
#include "calls/sql/rows.hpp"

namespace tapedeck::sql {

Result<bool> take_lease(Session& session, const std::string& name, const std::string& holder, SystemTime now,
                        Milliseconds ttl) {
  return session.run(
             "INSERT INTO leases (name, holder, expires_at) VALUES (?1, ?2, ?4) ON CONFLICT (name) DO UPDATE"
             " SET holder = ?2, expires_at = ?4 WHERE leases.holder = ?2 OR leases.expires_at <= ?3",
             name, holder, now, now + ttl) > 0;
}

Result<void> drop_lease(Session& session, const std::string& name, const std::string& holder) {
  session.run("DELETE FROM leases WHERE name = ?1 AND holder = ?2", name, holder);
  return {};
}

Result<bool> is_leased(Session& session, const std::string& name, SystemTime now) {
  return session.query("SELECT 1 FROM leases WHERE name = ?1 AND expires_at > ?2", name, now).next();
}

Result<UpkeepMark> find_mark(Session& session, const std::string& name) {
  Rows row = session.query("SELECT cursor, finished_at FROM marks WHERE name = ?1", name);
  if (!row.next()) return UpkeepMark{};
  return UpkeepMark{row.text(0), read_time(row, 1)};
}

Result<void> put_mark(Session& session, const std::string& name, const UpkeepMark& mark) {
  session.run(
      "INSERT INTO marks (name, cursor, finished_at) VALUES (?1, ?2, ?3) ON CONFLICT (name) DO UPDATE"
      " SET cursor = ?2, finished_at = ?3",
      name, mark.cursor, mark.finished_at);
  return {};
}

}  // namespace tapedeck::sql
