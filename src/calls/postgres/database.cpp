#include "calls/postgres/database.hpp"

#include <poll.h>

#include <cerrno>
#include <charconv>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <libpq-fe.h>

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
    " set_config('statement_timeout', $1, false), set_config('lock_timeout', $2, false),"
    " set_config('idle_in_transaction_session_timeout', '10s', false),"
    " set_config('client_connection_check_interval', '2s', false)";

void ignore_notices(void*, const pg_result*) {}

// The pieces of a parameter list, as libpq wants them.
struct Bound {
  explicit Bound(std::span<const Parameter> parameters) {
    for (const Parameter& parameter : parameters) {
      types.push_back(parameter.type);
      values.push_back(parameter.is_null ? nullptr : parameter.bytes.data());
      lengths.push_back(static_cast<int>(parameter.bytes.size()));
      formats.push_back(1);
    }
  }
  [[nodiscard]] int count() const { return static_cast<int>(types.size()); }

  std::vector<Oid> types;
  std::vector<const char*> values;
  std::vector<int> lengths;
  std::vector<int> formats;
};

std::string milliseconds(Milliseconds duration) { return std::to_string(duration.count()); }

}  // namespace

void Database::FinishConnection::operator()(pg_conn* handle) const noexcept { ::PQfinish(handle); }

Database::Database(const ConnectionString& where, const DatabaseLimits& limits)
    : where_(where), answer_timeout_(limits.answer_timeout) {
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
    throw StorageFailure(Remedy::kNone, Error(Errc::kConflict, fmt::format("the server is PostgreSQL {}, and Tapedeck "
                                                                           "needs 14 or newer",
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

ResultRows Database::run_prepared(Sql sql, std::span<const Parameter> parameters) {
  const std::string& name = prepare(sql, parameters);
  const Bound bound(parameters);
  sent(::PQsendQueryPrepared(handle_.get(), name.c_str(), bound.count(), bound.values.data(), bound.lengths.data(),
                             bound.formats.data(), 0));
  return ResultRows(only_result());
}

ResultRows Database::run_once(Sql sql, std::span<const Parameter> parameters) {
  const Bound bound(parameters);
  sent(::PQsendQueryParams(handle_.get(), sql.text(), bound.count(), bound.types.data(), bound.values.data(),
                           bound.lengths.data(), bound.formats.data(), 0));
  return ResultRows(only_result());
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

const std::string& Database::prepare(Sql sql, std::span<const Parameter> parameters) {
  const auto known = prepared_.find(sql.text());
  if (known != prepared_.end()) return known->second;
  const std::string name = fmt::format("s{}", prepared_.size());
  const Bound bound(parameters);
  sent(::PQsendPrepare(handle_.get(), name.c_str(), sql.text(), bound.count(), bound.types.data()));
  (void)only_result();
  return prepared_.emplace(sql.text(), name).first->second;
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
  const std::string& name = prepare(sql, parameters);
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
    throw StorageFailure(Remedy::kAsk, failure.error());
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
  return StorageFailure(Remedy::kNone, Error(Errc::kInternal, "the database did not commit a change"));
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

ResultHandle Database::next_result(Deadline until) {
  while (::PQisBusy(handle_.get()) != 0) {
    wait_for_socket(POLLIN, until);
    if (::PQconsumeInput(handle_.get()) == 0) break;  // PQgetResult() answers with what is known, or a failure
  }
  return ResultHandle(::PQgetResult(handle_.get()));
}

ResultHandle Database::only_result() {
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
  throw StorageFailure(Remedy::kReconnect, unavailable(fmt::format("{}: {}", kLost, detail)));
}

}  // namespace tapedeck::postgres
