#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace tapedeck {

/// A program of a test's own, killed with this object. Made and destroyed on the test's main thread, because the
/// program ends with the thread that started it. Its output goes to a file.
class ChildProcess {
 public:
  /// `words` is the command line; `environment` has variables besides ours. Throws std::system_error when there can be
  /// no process; a program that cannot be run ends at once with status 127.
  ChildProcess(std::vector<std::string> words, std::string output_path,
               const std::vector<std::pair<std::string, std::string>>& environment = {});
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();

  /// What it has printed so far.
  [[nodiscard]] std::string output() const;
  /// Throws std::runtime_error with its output when it has ended.
  void check_running();
  /// Waits until it has ended; throws std::runtime_error with its output unless its status is 0.
  void wait();

 private:
  std::string name_;
  std::string output_path_;
  ::pid_t pid_ = -1;
};

/// Somebody listens on this port of the loopback interface.
[[nodiscard]] bool accepts_connections(std::uint16_t port);

/// A new folder below the system's for temporary files, removed with this object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

}  // namespace tapedeck
