#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace tapedeck {

/// A folder of its own for a test, removed with all that is in it.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string pattern = std::filesystem::temp_directory_path() / "tapedeck-test-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make " + pattern);
    path_ = pattern;
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  /// Every regular file below `subfolder`, relative to it.
  [[nodiscard]] std::vector<std::string> files(const std::string& subfolder = "") const {
    std::vector<std::string> names;
    const std::filesystem::path base = std::filesystem::path(path_) / subfolder;
    if (!std::filesystem::exists(base)) return names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(base)) {
      if (entry.is_regular_file()) names.push_back(entry.path().lexically_relative(base));
    }
    return names;
  }

 private:
  std::string path_;
};

}  // namespace tapedeck
