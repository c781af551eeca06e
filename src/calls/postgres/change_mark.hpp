#pragma once

#include <cstdint>

#include "calls/postgres/database.hpp"

namespace tapedeck::postgres {

// A connection that breaks between COMMIT and its answer leaves a change of which nobody knows whether it was made. To
// run it again could make it twice: a second fence, a second key. Not to run it could lose it.
//
// So each change leaves a mark in its own transaction: the row of change_marks that belongs to its connection's seat
// (connection_pool.hpp) gets the change's number. Change and mark are committed together or not at all, also when the
// server crashes or a standby takes over, which a transaction's own number (pg_xact_status) does not survive: after a
// crash PostgreSQL may give it to somebody else.
//
// Whoever is in doubt asks on a new connection, and in the same statement closes the door: it raises the barrier above
// the number. The old backend may still be about to read our COMMIT out of its socket; it has either set the mark, and
// then the question waits for its row and hears of the outcome, or it has not, and then the barrier refuses it. After
// the answer "not made", it never will be.

/// The marks of one seat. Not thread-safe.
class ChangeMark {
 public:
  /// `id`: random, and nobody else's.
  explicit ChangeMark(std::int64_t id) : id_(id) {}

  /// Ends the transaction of one more change. Throws as Database::commit_with(); with Remedy::kAsk, ask is_made().
  void commit(Database& database);

  /// Whether the last commit() was made, asked on another connection. If it was not, it never will be. May be asked
  /// again. Throws StorageFailure.
  [[nodiscard]] bool is_made(Database& database) const;

  /// Removes the row, when its seat is not needed any more. Throws StorageFailure.
  void forget(Database& database) const;
  /// Removes the rows of processes that ended without doing so, a week after. Throws StorageFailure.
  static void forget_abandoned(Database& database);

 private:
  std::int64_t id_;
  std::int64_t number_ = 0;
};

}  // namespace tapedeck::postgres
