#pragma once

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include "calls/sqlite/sqlite_call_store.hpp"

namespace tapedeck {

/// A directory of its own, removed with everything in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tapedeck-sqlite-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a temporary directory");
    path_ = pattern;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline const SecretBox& test_secrets() {
  static const SecretBox secrets = *SecretBox::make(std::string(kSecretKeyBytes, 'k'));
  return secrets;
}

/// Opens a store that must open.
inline std::unique_ptr<SqliteCallStore> open_store(const std::string& path, const SqliteOptions& options = {}) {
  auto store = SqliteCallStore::open(path, test_secrets(), options);
  if (!store) throw std::runtime_error(store.error().detail);
  return std::move(*store);
}

}  // namespace tapedeck
