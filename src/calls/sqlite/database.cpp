#include "calls/sqlite/database.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>
#include <sqlite3.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

namespace tapedeck::sqlite {
namespace {

constexpr Milliseconds kBusyPause{1};
/// The write-ahead log shrinks to this many bytes when it starts over. Above what write_queue.cpp lets it grow to,
/// since a log that keeps its size is synced sooner than one that grows.
constexpr const char* kJournalSizeLimit = "PRAGMA journal_size_limit = 67108864";

// What an input or output error of the operating system means to the caller.
Errc io_errc(int system_error) {
  switch (system_error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return Errc::kNoSpace;
    case EROFS: return Errc::kReadOnly;
    default: return Errc::kIo;
  }
}

Error error_of(sqlite3* handle, int code) {
  const int extended = handle != nullptr ? ::sqlite3_extended_errcode(handle) : code;
  const int system_error = handle != nullptr ? ::sqlite3_system_errno(handle) : 0;
  const std::string reason = fmt::format("{} (SQLite {})", ::sqlite3_errstr(extended), extended);
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {Errc::kUnavailable, "another process has been writing to the database for too long: " + reason};
    case SQLITE_NOMEM: return {Errc::kUnavailable, "no memory for the database: " + reason};
    case SQLITE_FULL: return {Errc::kNoSpace, "no space for the database: " + reason};
    case SQLITE_READONLY: return {Errc::kReadOnly, "the database cannot be written: " + reason};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return {Errc::kCorrupt, "the database file is damaged, or no database of Tapedeck: " + reason};
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return {io_errc(system_error),
              fmt::format("the database cannot be read or written: {}: {}", std::strerror(system_error), reason)};
    case SQLITE_CONSTRAINT:
      return {Errc::kConflict, fmt::format("the database refuses a row: {}", ::sqlite3_errmsg(handle))};
    default: return {Errc::kInternal, fmt::format("{}: {}", reason, handle != nullptr ? ::sqlite3_errmsg(handle) : "")};
  }
}

[[noreturn]] void raise(sqlite3* handle, int code) { throw StorageFailure(error_of(handle, code)); }

void check(sqlite3* handle, int code) {
  if (code != SQLITE_OK) raise(handle, code);
}

// Tries often, so that a short command gets its turn between the commits of a busy server.
int wait_while_busy(void* timeout, int tries) {
  if (tries * kBusyPause >= *static_cast<const Milliseconds*>(timeout)) return 0;
  std::this_thread::sleep_for(kBusyPause);
  return 1;
}

int remember_wal_pages(void* pages, sqlite3*, const char*, int count) {
  *static_cast<int*>(pages) = count;
  return SQLITE_OK;
}

// SQLite makes files that others may read, and gives the log the mode of the database. Only a new file is opened here:
// closing a descriptor of one in use would drop this process's locks on it (POSIX fcntl).
void make_private_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor >= 0) ::close(descriptor);
}

// A list, for json_each().
template <class T>
std::string json_of(std::span<const T> values) {
  boost::json::array list;
  for (const T& value : values) list.emplace_back(value);
  return boost::json::serialize(list);
}

constexpr std::array kTokens{
    sql::Token{"least", "min"},
    sql::Token{"greatest", "max"},
    sql::Token{"lock", ""},  // one connection writes at a time
    sql::Token{"lock_free", ""},
    sql::Token{"next_order",
               "(SELECT coalesce(max(wanted_order), 0) + 1 FROM recordings WHERE state IN ('queued', 'processing'))"},
    // RETURNING builds a table at each change, which costs as much as the change. Where that is too much, rows.hpp
    // reads the row that was changed.
    sql::Token{"returning", ""},
    sql::Token{"returning_id", ""},
    sql::Token{"among", "IN (SELECT value FROM json_each(*))"},
    // Partial indexes that SQLite does not choose by itself, or only once it has statistics.
    sql::Token{"index", " INDEXED BY *"},
    // A plus keeps SQLite from walking through all of a business instead of finding the recording.
    sql::Token{"unindexed", "+"},
};
constexpr sql::Dialect kDialect{'?', kTokens, false, false};

}  // namespace

bool Database::Statement::next() {
  const int code = ::sqlite3_step(handle.get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) raise(::sqlite3_db_handle(handle.get()), code);
  return false;
}

bool Database::Statement::is_null(int column) const {
  return ::sqlite3_column_type(handle.get(), column) == SQLITE_NULL;
}

std::int64_t Database::Statement::integer(int column) const { return ::sqlite3_column_int64(handle.get(), column); }

std::string_view Database::Statement::text(int column) const {
  const unsigned char* data = ::sqlite3_column_text(handle.get(), column);
  if (data == nullptr) return {};
  return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(::sqlite3_column_bytes(handle.get(), column))};
}

void Database::Statement::close() noexcept {
  ::sqlite3_reset(handle.get());
  ::sqlite3_clear_bindings(handle.get());
}

void Database::Statement::bind(int index, const Parameter& parameter) {
  // SQLite copies a text, because the statement may outlive the values that it was given. A null pointer would be NULL.
  const auto bind_text = [&](std::string_view text) {
    const char* data = text.empty() ? "" : text.data();
    return ::sqlite3_bind_text64(handle.get(), index, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  };
  int code = SQLITE_OK;
  if (parameter.is_null) {
    code = ::sqlite3_bind_null(handle.get(), index);
  } else {
    switch (parameter.kind) {
      case Parameter::Kind::kBoolean:
      case Parameter::Kind::kInteger: code = ::sqlite3_bind_int64(handle.get(), index, parameter.integer); break;
      case Parameter::Kind::kText: code = bind_text(parameter.text); break;
      case Parameter::Kind::kIntegers: code = bind_text(json_of(parameter.integers)); break;
      case Parameter::Kind::kTexts: code = bind_text(json_of(parameter.texts)); break;
    }
  }
  check(::sqlite3_db_handle(handle.get()), code);
}

Database::Database() : Session(kDialect) {}

void Database::CloseDatabase::operator()(sqlite3* handle) const noexcept { ::sqlite3_close_v2(handle); }
void Database::FinalizeStatement::operator()(sqlite3_stmt* handle) const noexcept { ::sqlite3_finalize(handle); }

Result<Database> Database::open(const std::string& path, const DatabaseOptions& options) {
  make_private_file(path);
  sqlite3* handle = nullptr;
  const int code = ::sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                                     options.vfs.empty() ? nullptr : options.vfs.c_str());
  Database database;
  database.handle_.reset(handle);
  try {
    check(handle, code);
    database.configure(options);
  } catch (const StorageFailure& failure) {
    return fail(failure.error().errc(), fmt::format("{}: {}", path, failure.error().detail));
  }
  return database;
}

void Database::configure(const DatabaseOptions& options) {
  ::sqlite3_extended_result_codes(handle_.get(), 1);
  *busy_timeout_ = options.busy_timeout;
  ::sqlite3_busy_handler(handle_.get(), wait_while_busy, busy_timeout_.get());
  enter_wal_mode(options.busy_timeout);
  // With a hook of our own there are no checkpoints within commits.
  ::sqlite3_wal_hook(handle_.get(), remember_wal_pages, wal_pages_.get());
  run_script("PRAGMA synchronous = FULL");
  run_script("PRAGMA foreign_keys = ON");
  run_script(kJournalSizeLimit);
  if (options.query_only) run_script("PRAGMA query_only = ON");
  if (options.page_count_max > 0) {
    run_script(fmt::format("PRAGMA max_page_count = {}", options.page_count_max).c_str());
  }
}

// Changing the mode can answer BUSY at once, without asking the busy handler, when two processes make the same file.
void Database::enter_wal_mode(Milliseconds busy_timeout) {
  for (int tries = 0;; ++tries) {
    try {
      Rows mode = query("PRAGMA journal_mode = WAL");
      if (mode.next() && mode.view(0) != "wal") {
        throw StorageFailure({Errc::kIo, "the file system cannot hold a database in WAL mode"});
      }
      return;
    } catch (const StorageFailure& failure) {
      if (failure.error().errc() != Errc::kUnavailable || tries * kBusyPause >= busy_timeout) throw;
      std::this_thread::sleep_for(kBusyPause);
    }
  }
}

Database::Statement& Database::prepare(Sql sql) {
  Statement& cached = statements_[sql.text()];
  if (cached.handle == nullptr) {
    const std::string text = sql::in_dialect(dialect(), sql.text());
    sqlite3_stmt* prepared = nullptr;
    check(handle_.get(),
          ::sqlite3_prepare_v3(handle_.get(), text.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &prepared, nullptr));
    cached.handle.reset(prepared);
  }
  if (::sqlite3_stmt_busy(cached.handle.get()) != 0)
    throw std::logic_error("a statement is used twice at the same time");
  return cached;
}

sql::Cursor& Database::start(Sql sql, std::span<const Parameter> parameters) {
  Statement& statement = prepare(sql);
  int index = 0;
  for (const Parameter& parameter : parameters) statement.bind(++index, parameter);
  return statement;
}

std::int64_t Database::change(Sql sql, std::span<const Parameter> parameters) {
  Rows rows(start(sql, parameters));
  while (rows.next()) {
  }
  return ::sqlite3_changes64(handle_.get());
}

std::optional<std::int64_t> Database::insert_one(Sql sql, std::span<const Parameter> parameters) {
  if (change(sql, parameters) == 0) return std::nullopt;
  return ::sqlite3_last_insert_rowid(handle_.get());
}

void Database::run_script(const char* script) {
  check(handle_.get(), ::sqlite3_exec(handle_.get(), script, nullptr, nullptr, nullptr));
}

std::int64_t Database::total_changes() const { return ::sqlite3_total_changes64(handle_.get()); }
bool Database::is_in_transaction() const { return ::sqlite3_get_autocommit(handle_.get()) == 0; }

int Database::schema_version() {
  Rows version = query("PRAGMA user_version");
  return version.next() ? static_cast<int>(version.integer(0)) : 0;
}

void Database::set_schema_version(int version) { run_script(fmt::format("PRAGMA user_version = {}", version).c_str()); }

void Database::checkpoint() {
  const int code = ::sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code != SQLITE_BUSY) check(handle_.get(), code);
}

}  // namespace tapedeck::sqlite
