#include "calls/postgres/change_mark.hpp"

namespace tapedeck::postgres {

void ChangeMark::commit(Database& database) {
  ++number_;
  database.commit_with(
      "INSERT INTO change_marks AS mark (id, number, barrier, seen_at) VALUES (?1, ?2, 0, now())"
      " ON CONFLICT (id) DO UPDATE SET seen_at = now(),"
      " number = CASE WHEN excluded.number >= mark.barrier THEN excluded.number ELSE -1 END",
      id_, number_);
}

// Waits for a backend that is about to insert or change the same row.
bool ChangeMark::is_made(Database& database) const {
  Rows rows = database.query(
      "INSERT INTO change_marks AS mark (id, number, barrier, seen_at) VALUES (?1, 0, ?2, now())"
      " ON CONFLICT (id) DO UPDATE SET barrier = greatest(mark.barrier, excluded.barrier), seen_at = now()"
      " RETURNING number",
      id_, number_ + 1);
  return rows.next() && rows.integer(0) == number_;
}

void ChangeMark::forget(Database& database) const { database.run("DELETE FROM change_marks WHERE id = ?1", id_); }

void ChangeMark::forget_abandoned(Database& database) {
  database.run("DELETE FROM change_marks WHERE seen_at < now() - interval '7 days'");
}

}  // namespace tapedeck::postgres
