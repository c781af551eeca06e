#pragma once

#include <sys/types.h>
#include <filesystem>
#include <string>

#include "base/error.hpp"

namespace tapedeck {

/// The provider's look-alike as a child, which ends with this object, and with this process however that ends.
class Simulator {
 public:
  /// Starts it, and waits until it listens. Error kIo says what it said.
  [[nodiscard]] static Result<Simulator> start(const std::filesystem::path& program,
                                               const std::filesystem::path& audio_dir,
                                               const std::filesystem::path& load_file,
                                               const std::filesystem::path& log_file);
  Simulator(Simulator&& other) noexcept;
  Simulator& operator=(Simulator&& other) noexcept;
  ~Simulator();

  /// "http://127.0.0.1:PORT"
  [[nodiscard]] const std::string& url() const noexcept { return url_; }

 private:
  Simulator(pid_t pid, int input, std::string url) : pid_(pid), input_(input), url_(std::move(url)) {}
  pid_t pid_ = -1;
  int input_ = -1;  // our end of its standard input: it ends when this is closed
  std::string url_;
};

}  // namespace tapedeck
