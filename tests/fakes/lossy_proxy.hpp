#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>

namespace tapedeck {

/// Stands between clients and a server, both on unix sockets, and loses what it is told to lose: the connection on
/// which a certain request comes by is cut before the server gets it, or before the client gets its answer.
/// Thread-safe.
class LossyProxy {
 public:
  enum class Fate {
    kPass,
    kLoseRequest,   ///< the server does not get it
    kLoseAnswer,    ///< the server gets it and answers; the client hears nothing
    kDelayRequest,  ///< the client's connection is cut; the server gets the request at deliver()
  };

  /// Listens on `listen_path`, and connects to `server_path` for each client. `decide` is asked, on a thread of the
  /// proxy, about each request that contains `marker`, one at a time.
  LossyProxy(std::string listen_path, std::string server_path, std::string marker, std::function<Fate()> decide);
  LossyProxy(const LossyProxy&) = delete;
  LossyProxy& operator=(const LossyProxy&) = delete;
  /// Cuts all connections, and joins.
  ~LossyProxy();

  /// Requests so far whose fate was not kPass.
  [[nodiscard]] int lost() const noexcept { return lost_.load(); }
  /// Lets the requests go to the server that were delayed, and returns when it has answered them or hung up.
  void deliver();

 private:
  void accept_clients();
  void serve(int client);
  [[nodiscard]] Fate decide();
  void answer_late(int server, const std::string& request);

  const std::string listen_path_;
  const std::string server_path_;
  const std::string marker_;
  const std::function<Fate()> decide_;
  std::atomic<int> lost_ = 0;
  int listener_ = -1;
  int wake_[2] = {-1, -1};  // a pipe whose other end is closed at the end: every poll() then returns

  std::mutex mutex_;
  std::condition_variable changed_;
  bool may_deliver_ = false;
  int delayed_ = 0;
  std::list<std::jthread> clients_;
  std::jthread acceptor_;
};

}  // namespace tapedeck
