#pragma once

#include <sys/types.h>
#include <filesystem>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "blobs/filesystem/file_descriptor.hpp"

namespace tapedeck {

/// The simulator as a child process. It ends when its standard input closes: with this object, or with this process
/// however that ends.
class Simulator {
 public:
  /// Starts the simulator, and waits until it listens. Errors: kIo, with its output; kTimedOut.
  [[nodiscard]] static Result<Simulator> start(const std::filesystem::path& program,
                                               const std::filesystem::path& audio_dir,
                                               const std::filesystem::path& load_file,
                                               const std::filesystem::path& log_file);
  Simulator(Simulator&& other) noexcept
      : pid_(std::exchange(other.pid_, -1)), input_(std::move(other.input_)), url_(std::move(other.url_)) {}
  ~Simulator();

  /// "http://127.0.0.1:PORT"
  [[nodiscard]] const std::string& url() const noexcept { return url_; }

 private:
  Simulator(pid_t pid, FileDescriptor input) : pid_(pid), input_(std::move(input)) {}
  pid_t pid_;
  FileDescriptor input_;  // our end of its standard input
  std::string url_;
};

}  // namespace tapedeck
