#include "calls/postgres/database.hpp"

#include <poll.h>

#include <cerrno>
#include <charconv>
#include <optional>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>
#include <libpq-fe.h>

#include "calls/sql/rows.hpp"

// libpq's calls that wait (PQexec) know no deadline, so statements are sent and answers awaited with poll(2).

namespace tapedeck::postgres {
namespace {

/// The oldest server that knows client_connection_check_interval, in libpq's form.
constexpr int kOldestServer = 14'00'00;
/// Stands for "as long as it takes", and does not overflow a clock.
constexpr std::chrono::hours kWithoutLimit{24 * 365};
constexpr const char* kLost = "the connection to the database broke";

// A lower synchronous_commit than `on` answers before the change is on the disk (off), or before the standbys that the
// operator wants have it (local). idle_in_transaction_session_timeout: a process of ours that stops in the middle lets
// go of its locks. client_connection_check_interval: so does one that is gone.
constexpr const char* kSetUpSession =
    "SELECT set_config('search_path', 'tapedeck, ' || current_setting('search_path'), false),"
    " set_config('synchronous_commit', CASE WHEN current_setting('synchronous_commit') IN ('remote_apply',"
    " 'remote_write') THEN current_setting('synchronous_commit') ELSE 'on' END, false),"
    " set_config('statement_timeout', ?1, false), set_config('lock_timeout', ?2, false),"
    " set_config('idle_in_transaction_session_timeout', '10s', false),"
    " set_config('client_connection_check_interval', '2s', false)";

void ignore_notices(void*, const pg_result*) {}

// catalog/pg_type.dat; they never change.
constexpr Oid kBool = 16;
constexpr Oid kInt8 = 20;
constexpr Oid kText = 25;
constexpr Oid kTextArray = 1009;
constexpr Oid kInt8Array = 1016;

template <class Unsigned>
void append_big_endian(std::string& bytes, Unsigned value) {
  for (int shift = 8 * (static_cast<int>(sizeof(value)) - 1); shift >= 0; shift -= 8) {
    bytes += static_cast<char>((value >> shift) & 0xff);
  }
}

void append_element(std::string& bytes, std::int64_t value) {
  append_big_endian(bytes, std::uint32_t{sizeof(value)});
  append_big_endian(bytes, static_cast<std::uint64_t>(value));
}
void append_element(std::string& bytes, const std::string& value) {
  append_big_endian(bytes, static_cast<std::uint32_t>(value.size()));
  bytes += value;
}

// The form of array_recv(): dimensions, whether there are nulls, type; length and lower bound; elements.
template <class T>
std::string array_of(Oid element_type, std::span<const T> values) {
  std::string bytes;
  append_big_endian(bytes, std::uint32_t{1});
  append_big_endian(bytes, std::uint32_t{0});
  append_big_endian(bytes, std::uint32_t{element_type});
  append_big_endian(bytes, static_cast<std::uint32_t>(values.size()));
  append_big_endian(bytes, std::uint32_t{1});
  for (const T& value : values) append_element(bytes, value);
  return bytes;
}

// A parameter list as libpq wants it, in PostgreSQL's binary form, which has lengths: the server refuses a text that
// holds a zero byte, instead of cutting it off there.
class Bound {
 public:
  explicit Bound(std::span<const Parameter> parameters) {
    kept_.reserve(parameters.size());  // so that no text moves
    for (const Parameter& parameter : parameters) add(parameter);
  }
  [[nodiscard]] int count() const { return static_cast<int>(types.size()); }

  std::vector<Oid> types;
  std::vector<const char*> values;
  std::vector<int> lengths;
  std::vector<int> formats;

 private:
  void add(const Parameter& parameter) {
    switch (parameter.kind) {
      case Parameter::Kind::kBoolean:
        return add(kBool, parameter, keep(std::string(1, parameter.integer != 0 ? '\1' : '\0')));
      case Parameter::Kind::kInteger: {
        std::string bytes;
        append_big_endian(bytes, static_cast<std::uint64_t>(parameter.integer));
        return add(kInt8, parameter, keep(std::move(bytes)));
      }
      case Parameter::Kind::kText: return add(kText, parameter, parameter.text);
      case Parameter::Kind::kIntegers: return add(kInt8Array, parameter, keep(array_of(kInt8, parameter.integers)));
      case Parameter::Kind::kTexts: return add(kTextArray, parameter, keep(array_of(kText, parameter.texts)));
    }
  }
  void add(Oid type, const Parameter& parameter, std::string_view bytes) {
    const char* data = bytes.empty() ? "" : bytes.data();  // a null pointer would be NULL
    types.push_back(type);
    values.push_back(parameter.is_null ? nullptr : data);
    lengths.push_back(static_cast<int>(bytes.size()));
    formats.push_back(1);
  }
  std::string_view keep(std::string bytes) { return kept_.emplace_back(std::move(bytes)); }

  std::vector<std::string> kept_;
};

constexpr std::array kTokens{
    sql::Token{"least", "least"},
    sql::Token{"greatest", "greatest"},
    sql::Token{"lock", " FOR NO KEY UPDATE"},
    sql::Token{"lock_free", " FOR NO KEY UPDATE SKIP LOCKED"},
    // Not the greatest one and 1: two plays at the same time would get the same place, or wait for each other's commit.
    sql::Token{"next_order", "nextval('wanted_orders')"},
    sql::Token{"returning", " RETURNING " TAPEDECK_RECORDING_COLUMNS},
    sql::Token{"returning_id", " RETURNING id"},
    sql::Token{"among", "= ANY(*)"},
    sql::Token{"index", ""},
    sql::Token{"unindexed", ""},
};
constexpr sql::Dialect kDialect{'$', kTokens, true, true};

std::string milliseconds(Milliseconds duration) { return std::to_string(duration.count()); }

}  // namespace

void Database::FinishConnection::operator()(pg_conn* handle) const noexcept { ::PQfinish(handle); }
void Database::ClearResult::operator()(pg_result* handle) const noexcept { ::PQclear(handle); }

bool Database::Statement::next() { return ++row_ < ::PQntuples(result.get()); }

bool Database::Statement::is_null(int column) const { return ::PQgetisnull(result.get(), row_, column) != 0; }

std::string_view Database::Statement::text(int column) const {
  return {::PQgetvalue(result.get(), row_, column),
          static_cast<std::size_t>(::PQgetlength(result.get(), row_, column))};
}

std::int64_t Database::Statement::integer(int column) const {
  const std::string_view digits = text(column);
  if (digits.empty() && is_null(column)) return 0;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    throw StorageFailure(Error(Errc::kCorrupt, "a damaged row: a number was expected in it"));
  }
  return value;
}

void Database::Statement::answer(ResultHandle rows) {
  result = std::move(rows);
  row_ = -1;
}

Database::Database(const ConnectionString& where, const DatabaseLimits& limits)
    : Session(kDialect), where_(where), answer_timeout_(limits.answer_timeout) {
  const std::string connect_timeout = std::to_string(limits.connect_timeout.count());
  const std::string unacknowledged = milliseconds(limits.answer_timeout);
  // Later ones win, so what the URL says of these stays.
  const std::array keywords{"application_name", "connect_timeout", "tcp_user_timeout",
                            "dbname",           "client_encoding", static_cast<const char*>(nullptr)};
  const std::array values{"tapedeck", connect_timeout.c_str(),          unacknowledged.c_str(), where_.url().c_str(),
                          "UTF8",     static_cast<const char*>(nullptr)};
  handle_.reset(::PQconnectdbParams(keywords.data(), values.data(), 1));
  if (::PQstatus(handle_.get()) != CONNECTION_OK) {
    throw connect_failure(where_.scrub(::PQerrorMessage(handle_.get())));
  }
  ::PQsetNoticeReceiver(handle_.get(), ignore_notices, nullptr);
  ::PQsetnonblocking(handle_.get(), 1);
  if (::PQserverVersion(handle_.get()) < kOldestServer) {
    throw StorageFailure(
        Error(Errc::kConflict, fmt::format("the server is PostgreSQL {}, and Tapedeck needs 14 or newer",
                                           ::PQserverVersion(handle_.get()) / 10'000)));
  }
  set_up_session(limits);
}

void Database::set_up_session(const DatabaseLimits& limits) {
  (void)query_once(kSetUpSession, milliseconds(limits.statement_timeout), milliseconds(limits.lock_timeout));
}

void Database::lift_limits() {
  answer_timeout_ = kWithoutLimit;
  run_script("SET statement_timeout = 0");
}

sql::Cursor& Database::start(Sql sql, std::span<const Parameter> parameters) {
  Statement& prepared = prepare(sql, parameters);
  const Bound bound(parameters);
  sent(::PQsendQueryPrepared(handle_.get(), prepared.name.c_str(), bound.count(), bound.values.data(),
                             bound.lengths.data(), bound.formats.data(), 0));
  prepared.answer(only_result());
  return prepared;
}

sql::Cursor& Database::start_once(Sql sql, std::span<const Parameter> parameters) {
  Statement& once = statement(sql);
  const Bound bound(parameters);
  sent(::PQsendQueryParams(handle_.get(), once.text_of.c_str(), bound.count(), bound.types.data(), bound.values.data(),
                           bound.lengths.data(), bound.formats.data(), 0));
  once.answer(only_result());
  return once;
}

std::int64_t Database::change(Sql sql, std::span<const Parameter> parameters) {
  const Rows rows(start(sql, parameters));
  return rows_changed_;
}

std::optional<std::int64_t> Database::insert_one(Sql sql, std::span<const Parameter> parameters) {
  Rows rows(start(sql, parameters));
  if (!rows.next()) return std::nullopt;
  return rows.integer(0);
}

void Database::run_script(const char* script) {
  sent(::PQsendQuery(handle_.get(), script));
  const Deadline until = deadline();
  flush(until);
  std::optional<StorageFailure> failure;
  while (const ResultHandle result = next_result(until)) {
    try {
      check(result.get());
    } catch (const StorageFailure& first) {
      failure = first;  // what follows is the end of the answer
    }
  }
  if (failure) throw *failure;
}

Database::Statement& Database::statement(Sql sql) {
  Statement& known = statements_[sql.text()];
  if (known.result != nullptr) throw std::logic_error("a statement is used twice at the same time");
  if (known.text_of.empty()) known.text_of = sql::in_dialect(dialect(), sql.text());
  return known;
}

Database::Statement& Database::prepare(Sql sql, std::span<const Parameter> parameters) {
  Statement& known = statement(sql);
  if (!known.name.empty()) return known;
  std::string name = fmt::format("s{}", ++names_given_);
  const Bound bound(parameters);
  sent(::PQsendPrepare(handle_.get(), name.c_str(), known.text_of.c_str(), bound.count(), bound.types.data()));
  (void)only_result();
  known.name = std::move(name);
  return known;
}

void Database::begin() {
  has_written_ = false;
  run_script("BEGIN ISOLATION LEVEL READ COMMITTED");
}

void Database::roll_back() { run_script("ROLLBACK"); }

void Database::commit() { run_script("COMMIT"); }

bool Database::is_in_transaction() const { return ::PQtransactionStatus(handle_.get()) != PQTRANS_IDLE; }

// In a pipeline the server answers in order, and skips what follows a statement that failed: COMMIT is done only after
// the last statement. statement_timeout would end the wait for synchronous standbys with a success that they do not
// share; so COMMIT has none, and the wait ends with the connection, in doubt.
void Database::commit_pipeline(Sql sql, std::span<const Parameter> parameters) {
  const std::string& name = prepare(sql, parameters).name;
  const Bound bound(parameters);
  std::optional<StorageFailure> refusal;
  try {
    const Deadline until = deadline();
    sent(::PQenterPipelineMode(handle_.get()));
    sent(::PQsendQueryPrepared(handle_.get(), name.c_str(), bound.count(), bound.values.data(), bound.lengths.data(),
                               bound.formats.data(), 0));
    for (const char* last : {"SET LOCAL statement_timeout = 0", "COMMIT"}) {
      sent(::PQsendQueryParams(handle_.get(), last, 0, nullptr, nullptr, nullptr, nullptr, 0));
    }
    sent(::PQpipelineSync(handle_.get()));
    flush(until);
    refusal = pipeline_outcome(until);
    sent(::PQexitPipelineMode(handle_.get()));
  } catch (const StorageFailure& failure) {
    throw StorageFailure(failure.error(), Remedy::kAsk);
  }
  if (refusal) throw *refusal;
}

// Reads up to the end of the pipeline: nothing when COMMIT was done, else why not. Throws when the end does not come.
std::optional<StorageFailure> Database::pipeline_outcome(Deadline until) {
  std::optional<StorageFailure> refusal;
  bool is_committed = false;
  while (true) {
    const ResultHandle result = next_result(until);
    if (result == nullptr) {  // the end of one statement's answer
      if (::PQstatus(handle_.get()) != CONNECTION_OK) lose(::PQerrorMessage(handle_.get()));
      continue;
    }
    const ExecStatusType status = ::PQresultStatus(result.get());
    if (status == PGRES_PIPELINE_SYNC) break;
    if (status == PGRES_PIPELINE_ABORTED) continue;
    try {
      check(result.get());
      // A transaction that cannot be committed answers ROLLBACK to COMMIT.
      is_committed = std::string_view(::PQcmdStatus(result.get())) == "COMMIT";
    } catch (const StorageFailure& failure) {
      // A server that goes down says so in place of an answer to COMMIT, after which it may have been done.
      if (failure.remedy() == Remedy::kReconnect) throw;
      if (!refusal) refusal = failure;
    }
  }
  if (is_committed) return std::nullopt;
  if (refusal) return refusal;
  return StorageFailure(Error(Errc::kInternal, "the database did not commit a change"));
}

void Database::sent(int accepted) {
  if (accepted == 0) lose(::PQerrorMessage(handle_.get()));
}

void Database::flush(Deadline until) {
  while (true) {
    const int left = ::PQflush(handle_.get());
    if (left == 0) return;
    if (left < 0) lose(::PQerrorMessage(handle_.get()));
    wait_for_socket(POLLIN | POLLOUT, until);
    // The server may have to be read from before it reads on.
    if (::PQconsumeInput(handle_.get()) == 0) lose(::PQerrorMessage(handle_.get()));
  }
}

void Database::wait_for_socket(short events, Deadline until) {
  while (true) {
    const auto left = std::chrono::ceil<Milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) lose("the database does not answer");
    ::pollfd socket{::PQsocket(handle_.get()), events, 0};
    constexpr Milliseconds kPollMax{60'000};
    const int ready = ::poll(&socket, 1, static_cast<int>(std::min(left, kPollMax).count()));
    if (ready > 0) return;
    if (ready < 0 && errno != EINTR) lose("poll failed");
  }
}

Database::ResultHandle Database::next_result(Deadline until) {
  while (::PQisBusy(handle_.get()) != 0) {
    wait_for_socket(POLLIN, until);
    if (::PQconsumeInput(handle_.get()) == 0) break;  // PQgetResult() answers with what is known, or a failure
  }
  return ResultHandle(::PQgetResult(handle_.get()));
}

Database::ResultHandle Database::only_result() {
  const Deadline until = deadline();
  flush(until);
  ResultHandle result = next_result(until);
  if (result == nullptr) lose(::PQerrorMessage(handle_.get()));
  while (const ResultHandle end = next_result(until)) {
    // One statement has one result; what follows one can only be the loss of the connection.
    if (::PQstatus(handle_.get()) != CONNECTION_OK) break;
  }
  check(result.get());
  count_rows(result.get());
  return result;
}

void Database::check(const pg_result* result) {
  const ExecStatusType status = ::PQresultStatus(result);
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return;
  const char* sqlstate = ::PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* message = ::PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  if (sqlstate == nullptr) lose(::PQresultErrorMessage(result));
  throw failure_of(sqlstate, where_.scrub(message != nullptr ? message : ""));
}

void Database::count_rows(const pg_result* result) {
  // PQcmdTuples() takes a pointer that is not const, and reads.
  const std::string_view count = ::PQcmdTuples(const_cast<pg_result*>(result));
  rows_changed_ = 0;
  (void)std::from_chars(count.data(), count.data() + count.size(), rows_changed_);
  const std::string_view command = ::PQcmdStatus(const_cast<pg_result*>(result));
  if (rows_changed_ > 0 && !command.starts_with("SELECT")) has_written_ = true;
}

void Database::lose(std::string_view why) {
  std::string detail = where_.scrub(std::string(why));
  for (char& c : detail) c = c == '\n' || c == '\t' ? ' ' : c;
  while (!detail.empty() && detail.back() == ' ') detail.pop_back();
  throw StorageFailure(unavailable(fmt::format("{}: {}", kLost, detail)), Remedy::kReconnect);
}

}  // namespace tapedeck::postgres
