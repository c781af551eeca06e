#include "tests/fakes/postgres_process.hpp"

#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include <poll.h>

namespace tapedeck {
namespace {

// For a start after a crash on a loaded machine.
constexpr std::chrono::seconds kPostgresPatience{60};
// Between two looks at something that another process does.
constexpr int kLookEveryMs = 5;

std::string program(const std::string& name) {
  const char* const folder = std::getenv("POSTGRES_BIN");  // NOLINT(concurrency-mt-unsafe): nobody sets it meanwhile
  return (folder != nullptr ? std::string(folder) : "/usr/lib/postgresql/15/bin") + "/" + name;
}

struct Account {
  ::uid_t user;
  ::gid_t group;
};

// Whom to run as: nobody else, unless this is root.
std::optional<Account> account() {
  if (::geteuid() != 0) return std::nullopt;
  for (const char* name : {"postgres", "nobody"}) {
    const ::passwd* entry = ::getpwnam(name);  // NOLINT(concurrency-mt-unsafe): on the test's main thread
    if (entry != nullptr) return Account{entry->pw_uid, entry->pw_gid};
  }
  throw std::runtime_error("there is no user postgres or nobody to run PostgreSQL as");
}

// In the child: never returns, and allocates nothing. The request to end with the parent is lost at a change of user.
[[noreturn]] void run(char* const* arguments, const std::optional<Account>& as, const char* log) {
  if (as && (::setgroups(0, nullptr) != 0 || ::setgid(as->group) != 0 || ::setuid(as->user) != 0)) ::_exit(126);
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
  const int null = ::open("/dev/null", O_RDWR);
  const int out = ::open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(null, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  ::execv(arguments[0], arguments);
  ::_exit(127);
}

::pid_t spawn(std::vector<std::string> words, const std::string& log) {
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const auto as = account();
  const ::pid_t child = ::fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child == 0) run(arguments.data(), as, log.c_str());
  return child;
}

std::string content(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

void run_to_end(const std::vector<std::string>& words, const std::string& log) {
  int status = 0;
  ::waitpid(spawn(words, log), &status, 0);
  if (status != 0) throw std::runtime_error(words.front() + " failed: " + content(log));
}

std::string temporary_folder() {
  std::string pattern = std::filesystem::temp_directory_path() / "tapedeck-postgres-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make " + pattern);
  const auto as = account();
  if (as && ::chown(pattern.c_str(), as->user, as->group) != 0) throw std::runtime_error("cannot give away " + pattern);
  return pattern;
}

struct Finish {
  void operator()(PGconn* connection) const noexcept { ::PQfinish(connection); }
};
struct Clear {
  void operator()(PGresult* result) const noexcept { ::PQclear(result); }
};

void ignore_notices(void*, const PGresult*) {}

std::string rows_of(const PGresult* result) {
  std::string text;
  for (int row = 0; row < ::PQntuples(result); ++row) {
    if (row > 0) text += '\n';
    for (int column = 0; column < ::PQnfields(result); ++column) {
      if (column > 0) text += '|';
      text += ::PQgetvalue(result, row, column);
    }
  }
  return text;
}

// "123 (name) S PARENT …": the name may hold anything, so it is read from behind.
::pid_t parent_of(const std::filesystem::path& process) {
  const std::string stat = content(process / "stat");
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos || stat.size() < name_end + 4) return -1;
  return std::atoi(stat.c_str() + name_end + 4);  // NOLINT(cert-err34-c): the kernel writes a number there
}

}  // namespace

PostgresProcess::PostgresProcess(std::vector<std::string> settings)
    : settings_(std::move(settings)), folder_(temporary_folder()) {
  try {
    run_to_end({program("initdb"), "-D", folder_ + "/data", "-U", "postgres", "-A", "trust", "-E", "UTF8",
                "--locale=C.UTF-8", "--no-sync", "--no-instructions"},
               folder_ + "/initdb.log");
    start();
  } catch (...) {
    end(SIGQUIT);
    std::filesystem::remove_all(folder_);
    throw;
  }
}

PostgresProcess::PostgresProcess(StandbyOf of) : settings_(of.primary.settings_), folder_(temporary_folder()) {
  try {
    run_to_end({program("pg_basebackup"), "-D", folder_ + "/data", "-d", of.primary.url("postgres"), "-R", "--no-sync",
                "--checkpoint=fast"},
               folder_ + "/basebackup.log");
    start();
  } catch (...) {
    end(SIGQUIT);
    std::filesystem::remove_all(folder_);
    throw;
  }
}

PostgresProcess::~PostgresProcess() {
  end(SIGQUIT);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void PostgresProcess::start() {
  std::vector<std::string> words{program("postgres"), "-D", folder_ + "/data", "-k", folder_};
  for (const char* setting :
       {"listen_addresses=", "fsync=off", "full_page_writes=off", "shared_buffers=32MB", "max_wal_senders=2", "jit=off",
        "bgwriter_lru_maxpages=0", "autovacuum=off", "log_min_messages=log"}) {
    words.insert(words.end(), {"-c", setting});
  }
  for (const std::string& setting : settings_) words.insert(words.end(), {"-c", setting});
  pid_ = spawn(words, folder_ + "/postgres.log");
  const auto until = std::chrono::steady_clock::now() + kPostgresPatience;
  while (true) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      throw std::runtime_error("PostgreSQL ended: " + log());
    }
    if (::PQping(url("postgres").c_str()) == PQPING_OK) return;
    if (std::chrono::steady_clock::now() > until) throw std::runtime_error("PostgreSQL does not start: " + log());
    ::poll(nullptr, 0, kLookEveryMs);
  }
}

std::string PostgresProcess::log() const { return content(folder_ + "/postgres.log"); }

std::string PostgresProcess::url(std::string_view database, std::string_view user_and_password) const {
  return "postgresql://" + std::string(user_and_password) + "@/" + std::string(database) + "?host=" + folder_;
}

std::string PostgresProcess::ask(std::string_view sql, std::string_view database) const {
  const std::unique_ptr<PGconn, Finish> connection(::PQconnectdb(url(database).c_str()));
  if (::PQstatus(connection.get()) != CONNECTION_OK) throw std::runtime_error(::PQerrorMessage(connection.get()));
  ::PQsetNoticeReceiver(connection.get(), ignore_notices, nullptr);
  const std::unique_ptr<PGresult, Clear> result(::PQexec(connection.get(), std::string(sql).c_str()));
  const ExecStatusType status = ::PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    throw std::runtime_error(std::string(sql) + ": " + ::PQresultErrorMessage(result.get()));
  }
  return rows_of(result.get());
}

std::string PostgresProcess::make_database(std::string_view original) const {
  std::string name = "test_" + std::to_string(++databases_);
  ask("CREATE DATABASE " + name + " TEMPLATE " + std::string(original) + " STRATEGY FILE_COPY");
  return name;
}

void PostgresProcess::end(int signal) {
  if (pid_ <= 0) return;
  thaw();
  ::kill(pid_, signal);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void PostgresProcess::crash() { end(SIGQUIT); }
void PostgresProcess::stop() { end(SIGINT); }

std::vector<::pid_t> PostgresProcess::family() const {
  std::vector<::pid_t> processes{pid_};
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const ::pid_t process = std::atoi(entry.path().filename().c_str());  // NOLINT(cert-err34-c): 0 for other names
    if (process > 0 && parent_of(entry.path()) == pid_) processes.push_back(process);
  }
  return processes;
}

void PostgresProcess::freeze() const {
  for (const ::pid_t process : family()) ::kill(process, SIGSTOP);
}
void PostgresProcess::thaw() const {
  for (const ::pid_t process : family()) ::kill(process, SIGCONT);
}

}  // namespace tapedeck
