#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace tapedeck {

/// A redis-server of a test's own: on a free port of the loopback interface and on a unix socket, in a temporary
/// folder, killed and removed with this object. Made and destroyed on the test's main thread, because the server ends
/// with the thread that started it. Each call waits at most kRedisPatience and throws std::runtime_error when that is
/// not enough.
class RedisProcess {
 public:
  enum class Kind { kServer, kSentinel };

  /// `settings` as on redis-server's command line ("--appendonly", "yes"); they override ours: no snapshots, no append-
  /// only file, noeviction. Returns when the server answers PING.
  explicit RedisProcess(std::vector<std::string> settings = {})
      : RedisProcess(Kind::kServer, std::move(settings), "") {}
  /// `config` are lines of a configuration file, which a Sentinel must have and rewrites.
  RedisProcess(Kind kind, std::vector<std::string> settings, const std::string& config);
  RedisProcess(const RedisProcess&) = delete;
  RedisProcess& operator=(const RedisProcess&) = delete;
  ~RedisProcess();

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// "redis://127.0.0.1:PORT"
  [[nodiscard]] std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] const std::string& socket_path() const noexcept { return socket_path_; }
  /// Where its files are.
  [[nodiscard]] const std::string& folder() const noexcept { return folder_; }
  [[nodiscard]] ::pid_t pid() const noexcept { return pid_; }
  [[nodiscard]] bool running() const noexcept { return pid_ > 0; }

  /// Sends one command over the unix socket and returns the answer as text: an array's elements one a line, nil as an
  /// empty text, an error with a "-" before it.
  [[nodiscard]] std::string ask(const std::vector<std::string>& words) const;
  /// ask() for what must succeed: throws on an error.
  void tell(const std::vector<std::string>& words) const;

  /// kill -9. Connections break, data that is not on the disk is gone.
  void kill();
  /// After kill(): the same port, socket, folder and settings.
  void start();
  void restart() {
    kill();
    start();
  }
  /// SIGSTOP, and SIGCONT.
  void freeze() const;
  void thaw() const;

 private:
  void spawn();
  [[nodiscard]] bool answers() const;
  [[nodiscard]] std::string log() const;

  Kind kind_;
  std::vector<std::string> settings_;
  std::string config_;
  std::string folder_;
  std::string socket_path_;
  std::uint16_t port_ = 0;
  ::pid_t pid_ = -1;
};

/// A port of the loopback interface that nobody listened on a moment ago.
[[nodiscard]] std::uint16_t free_port();

/// Waits until `condition` holds; throws std::runtime_error with `what` when it does not within kRedisPatience.
void wait_until(const std::string& what, const std::function<bool()>& condition);

}  // namespace tapedeck
