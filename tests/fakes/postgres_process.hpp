#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace tapedeck {

/// A PostgreSQL of a test's own (15, from /usr/lib/postgresql/15/bin, or POSTGRES_BIN): on a unix socket in a temporary
/// folder, ended and removed with this object. As root it runs as the user `postgres` or `nobody`, since it refuses to
/// be root. Made and destroyed on the test's main thread, because the server ends with the thread that started it. Each
/// call waits at most kPostgresPatience and throws std::runtime_error when that is not enough.
class PostgresProcess {
 public:
  /// `settings` as in postgresql.conf ("max_connections=20"); they override ours: no syncs, little memory. Returns when
  /// the server takes connections.
  explicit PostgresProcess(std::vector<std::string> settings = {});
  /// A standby of `primary`, copied by pg_basebackup, which follows it.
  struct StandbyOf {
    const PostgresProcess& primary;
  };
  explicit PostgresProcess(StandbyOf of);
  PostgresProcess(const PostgresProcess&) = delete;
  PostgresProcess& operator=(const PostgresProcess&) = delete;
  ~PostgresProcess();

  /// "postgresql://USER@/DATABASE?host=…"; without a user, the superuser's.
  [[nodiscard]] std::string url(std::string_view database, std::string_view user_and_password = "postgres") const;
  /// Where its files are.
  [[nodiscard]] const std::string& folder() const noexcept { return folder_; }

  /// Runs statements as the superuser; the last one's rows, columns separated by "|", one a line. Throws on an error.
  std::string ask(std::string_view sql, std::string_view database = "postgres") const;
  /// A new database, a copy of `original`; its name.
  std::string make_database(std::string_view original = "template1") const;

  /// Ends as a crash does: without a checkpoint, connections cut (SIGQUIT).
  void crash();
  /// Ends in good order, connections told so (SIGINT).
  void stop();
  /// After crash() or stop(): the same folder and settings.
  void start();
  /// Stops, and lets go on, the server and all that it has started (SIGSTOP, SIGCONT).
  void freeze() const;
  void thaw() const;

 private:
  void end(int signal);
  [[nodiscard]] std::string log() const;
  [[nodiscard]] std::vector<::pid_t> family() const;

  std::vector<std::string> settings_;
  std::string folder_;
  ::pid_t pid_ = -1;
  mutable int databases_ = 0;
};

}  // namespace tapedeck
