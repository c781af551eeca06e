#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include "calls/postgres/postgres_call_store.hpp"
#include "tests/fakes/lossy_proxy.hpp"
#include "tests/fakes/postgres_process.hpp"

namespace tapedeck {

inline const SecretBox& test_secrets() {
  static const SecretBox secrets = *SecretBox::make(std::string(kSecretKeyBytes, 'k'));
  return secrets;
}

/// Opens a store that must open.
inline std::unique_ptr<PostgresCallStore> open_store(const std::string& url, const PostgresOptions& options = {}) {
  auto store = PostgresCallStore::open(url, test_secrets(), options);
  if (!store) throw std::runtime_error(store.error().detail);
  return std::move(*store);
}

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tapedeck-proxy-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a temporary directory");
    path_ = pattern;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// The server that the tests of one program share, since one takes a second to make. It does not wait for the disk.
inline const PostgresProcess& shared_server() {
  static const PostgresProcess server;
  return server;
}

/// A database of a test's own on the shared server; with the schema in it, or empty. Removed with this object.
class TestDatabase {
 public:
  enum class Content { kSchema, kEmpty };

  explicit TestDatabase(Content content = Content::kSchema)
      : name_(shared_server().make_database(content == Content::kSchema ? with_schema() : "template1")) {}
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;
  ~TestDatabase() {
    try {
      (void)shared_server().ask("DROP DATABASE " + name_ + " WITH (FORCE)");
    } catch (const std::runtime_error&) {
      // It goes with the server.
    }
  }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::string url(std::string_view user_and_password = "postgres") const {
    return shared_server().url(name_, user_and_password);
  }
  /// Makes it as it was when it was new; its stores must be closed. Much quicker than a new one.
  void clear() const {
    (void)ask(
        "DELETE FROM audit; DELETE FROM logins; DELETE FROM sessions; DELETE FROM api_keys; DELETE FROM recordings; "
        "DELETE FROM calls;"
        " DELETE FROM imports; DELETE FROM leases; DELETE FROM marks; DELETE FROM businesses; DELETE FROM "
        "change_marks; ALTER SEQUENCE wanted_orders RESTART;"
        " ALTER TABLE audit ALTER id RESTART; ALTER TABLE imports ALTER id RESTART; ALTER TABLE api_keys ALTER id "
        "RESTART;"
        " ALTER TABLE recordings ALTER id RESTART; ALTER TABLE calls ALTER id RESTART");
  }
  /// As PostgresProcess::ask(), with the schema in the search path.
  [[nodiscard]] std::string ask(std::string_view sql) const {
    return shared_server().ask("SET search_path = tapedeck, public; " + std::string(sql), name_);
  }

 private:
  static const std::string& with_schema() {
    static const std::string name = [] {
      const std::string made = shared_server().make_database();
      (void)open_store(shared_server().url(made));
      return made;
    }();
    return name;
  }

  std::string name_;
};

/// The shared server behind a proxy that is asked for the fate of every COMMIT.
class ProxiedServer {
 public:
  explicit ProxiedServer(std::function<LossyProxy::Fate()> decide)
      : proxy_(folder_.file(kSocket), shared_server().folder() + "/" + kSocket, kCommit, std::move(decide)) {}

  [[nodiscard]] std::string url(std::string_view database) const {
    return "postgresql://postgres@/" + std::string(database) + "?host=" + folder_.file("");
  }
  [[nodiscard]] const LossyProxy& proxy() const noexcept { return proxy_; }
  [[nodiscard]] LossyProxy& proxy() noexcept { return proxy_; }
  /// Nobody can connect any more; those who are connected stay so.
  void hide() const { std::filesystem::remove(folder_.file(kSocket)); }

 private:
  static constexpr const char* kSocket = ".s.PGSQL.5432";
  // With its end: "READ COMMITTED" goes by as well.
  inline static const std::string kCommit = std::string("COMMIT\0", 7);

  TemporaryDirectory folder_;
  LossyProxy proxy_;
};

/// Few connections, so that many stores fit on one server, and little patience.
inline PostgresOptions small_store() {
  PostgresOptions options;
  options.reads.connections = 1;
  options.changes.connections = 2;
  return options;
}

}  // namespace tapedeck
