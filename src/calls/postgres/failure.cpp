#include "calls/postgres/failure.hpp"

#include <array>

#include <fmt/format.h>

namespace tapedeck::postgres {
namespace {

struct Row {
  std::string_view sqlstate;  // or its beginning
  Remedy remedy;
  Errc errc;
  std::string_view sentence;
};

// The first one that fits counts (PostgreSQL, appendix A).
constexpr std::array kRows{
    Row{"40001", Remedy::kAgain, Errc::kUnavailable, "other transactions stood in the way too often"},
    Row{"40P01", Remedy::kAgain, Errc::kUnavailable, "deadlocks stood in the way too often"},
    // Two made the same row known at the same time: the second run finds the first one's.
    Row{"23505", Remedy::kAgain, Errc::kConflict, "the database refuses a second row of the same name"},
    Row{"23", Remedy::kNone, Errc::kConflict, "the database refuses a row"},
    Row{"22021", Remedy::kNone, Errc::kInvalidArgument, "expected text in UTF-8 without zero bytes"},
    Row{"25006", Remedy::kNone, Errc::kReadOnly,
        "the database takes no changes, for it is a standby or set to read only: name the primary in DATABASE_URL, or "
        "all servers with target_session_attrs=read-write, or look at default_transaction_read_only"},
    Row{"25P03", Remedy::kReconnect, Errc::kUnavailable, "the database ended a transaction that did nothing"},
    Row{"42501", Remedy::kNone, Errc::kUnavailable,
        "the role of DATABASE_URL may not do this: it must own the schema tapedeck and what is in it"},
    Row{"42P01", Remedy::kNone, Errc::kCorrupt, "a table is missing: was the schema tapedeck changed by hand?"},
    Row{"42703", Remedy::kNone, Errc::kCorrupt, "a column is missing: was the schema tapedeck changed by hand?"},
    Row{"53100", Remedy::kNone, Errc::kNoSpace, "no space on the disk of the database"},
    Row{"53", Remedy::kNone, Errc::kUnavailable, "the database is short of memory or connections"},
    Row{"55P03", Remedy::kNone, Errc::kUnavailable, "somebody else has held a lock of the database for too long"},
    Row{"57014", Remedy::kNone, Errc::kUnavailable, "the database took too long"},
    Row{"57P", Remedy::kReconnect, Errc::kUnavailable, "the database is being restarted, or closed the connection"},
    Row{"08", Remedy::kReconnect, Errc::kUnavailable, "the connection to the database broke"},
    Row{"58", Remedy::kNone, Errc::kIo, "the disk of the database cannot be read or written"},
    Row{"XX001", Remedy::kNone, Errc::kCorrupt, "the database is damaged"},
    Row{"XX002", Remedy::kNone, Errc::kCorrupt, "an index of the database is damaged"},
};

struct Hint {
  std::string_view sign;
  std::string_view advice;
};

// The first one that fits counts.
constexpr std::array kHints{
    Hint{"too many ", "raise max_connections on the server, or run fewer processes"},
    Hint{"remaining connection slots", "raise max_connections on the server, or run fewer processes"},
    Hint{"password authentication failed", "check the user and the password in DATABASE_URL"},
    Hint{"no password supplied", "put the password into DATABASE_URL, or into a ~/.pgpass"},
    Hint{"Peer authentication failed", "connect as the system's user of that name, or over TCP with a password"},
    Hint{"no pg_hba.conf entry", "the server's pg_hba.conf must allow this user, database and address"},
    Hint{"role \"", "check the user in DATABASE_URL, or create the role"},
    Hint{"database \"", "check the database's name in DATABASE_URL, or create it with createdb"},
    Hint{"could not translate host name", "check the host in DATABASE_URL"},
    Hint{"certificate", "check sslmode and sslrootcert in DATABASE_URL"},
    Hint{"SSL", "check sslmode in DATABASE_URL"},
    Hint{"starting up", "it will answer soon"},
    Hint{"shutting down", "wait for its restart"},
    Hint{"Connection refused", "is PostgreSQL running there, and listening on that address?"},
    Hint{"No such file", "is PostgreSQL running there, and is that the folder of its socket?"},
    Hint{"timeout expired", "is that address right, and no firewall in between?"},
};

// libpq's messages end with a line break, and may have several lines.
std::string on_one_line(std::string_view message) {
  std::string line;
  for (const char c : message) {
    const bool is_space = c == '\n' || c == '\t' || c == ' ';
    if (!is_space) line += c;
    if (is_space && !line.empty() && line.back() != ' ') line += ' ';
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

}  // namespace

Error unavailable(std::string detail) {
  Error error(Errc::kUnavailable, std::move(detail));
  error.retry_after = kRetryAfter;
  return error;
}

StorageFailure failure_of(std::string_view sqlstate, std::string_view message) {
  for (const Row& row : kRows) {
    if (!sqlstate.starts_with(row.sqlstate)) continue;
    Error error(row.errc, fmt::format("{}: {} (SQLSTATE {})", row.sentence, on_one_line(message), sqlstate));
    if (row.errc == Errc::kUnavailable) error.retry_after = kRetryAfter;
    return StorageFailure(std::move(error), row.remedy);
  }
  return StorageFailure(Error(Errc::kInternal, fmt::format("the database refuses a statement: {} (SQLSTATE {})",
                                                           on_one_line(message), sqlstate)));
}

StorageFailure connect_failure(std::string_view message) {
  std::string_view advice;
  for (const Hint& hint : kHints) {
    if (!message.contains(hint.sign)) continue;
    advice = hint.advice;
    break;
  }
  std::string detail = fmt::format("the database cannot be reached: {}", on_one_line(message));
  if (!advice.empty()) detail += fmt::format(": {}", advice);
  return StorageFailure(unavailable(std::move(detail)), Remedy::kReconnect);
}

}  // namespace tapedeck::postgres
