#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include "adapters/postgres/postgres_call_store.hpp"
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

/// Few connections, so that many stores fit on one server, and little patience.
inline PostgresOptions small_store() {
  PostgresOptions options;
  options.reads.connections = 1;
  options.changes.connections = 2;
  return options;
}

}  // namespace tapedeck
