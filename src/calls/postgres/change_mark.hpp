#pragma once

#include <cstdint>

#include "calls/postgres/database.hpp"

namespace tapedeck::postgres {

// A connection that breaks between COMMIT and its answer leaves a doubt: the change was made or not. To run
// it again could make it twice: a second fence, a second key. Not to run it could lose it.
//
// So each change leaves a mark in its own transaction: it writes its number into the row of change_marks that belongs
// to its connection's seat (connection_pool.hpp). Change and mark are committed together or not at all, also when the
// server crashes or a standby takes over. A transaction's own number (pg_xact_status) does not survive that: after a
// crash PostgreSQL may give it to another transaction.
//
// Whoever is in doubt asks on a new connection, and in the same statement closes the door: it raises the barrier above
// the number. The old backend may still be about to read our COMMIT from its socket. If it has set the mark, the
// question waits for its row and learns the outcome. If it has not, the barrier refuses it. After the answer "not
// made", the change never will be.

/// The marks of one seat. Not thread-safe.
class ChangeMark {
 public:
  /// `id`: random, and no other seat's.
  explicit ChangeMark(std::int64_t id) : id_(id) {}

  /// Ends the transaction of one more change. Throws as Database::commit_with(); with Remedy::kAsk, ask is_made().
  void commit(Database& database);

  /// Whether the last commit() was made, asked on another connection. If it was not, it never will be. May be asked
  /// again. Throws StorageFailure.
  [[nodiscard]] bool is_made(Database& database) const;

  /// Removes the row, when its seat is not needed any more. Throws StorageFailure.
  void forget(Database& database) const;
  /// Removes rows that a process left behind when it ended, after a week. Throws StorageFailure.
  static void forget_abandoned(Database& database);

 private:
  std::int64_t id_;
  std::int64_t number_ = 0;
};

}  // namespace tapedeck::postgres
