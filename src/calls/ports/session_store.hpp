#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/time.hpp"
#include "domain/ids.hpp"
#include "runtime/task.hpp"

namespace tapedeck {

/// A person who is signed in to the page.
struct PageSession {
  std::int64_t id = 0;
  BusinessId business;      ///< empty: an operator
  std::int64_t key_id = 0;  ///< the key that it stands for; 0: none
  std::string token_hash;   ///< SHA-256 of the cookie; never the cookie itself
  SystemTime created_at;
  SystemTime seen_at;  ///< its last request, give or take a minute
  SystemTime expires_at;
};

/// Sessions of the page. A session that ends is forgotten. One whose key is revoked has ended. Errors: see CallStore.
class SessionStore {
 public:
  virtual ~SessionStore() = default;

  /// Returns the session's id, which is never given twice. Forgets those that have expired. Error kNotFound: no such
  /// business.
  [[nodiscard]] virtual Task<Result<std::int64_t>> create_session(PageSession session) = 0;
  /// Empty: unknown, ended or expired, or its last request was before `seen_since`.
  [[nodiscard]] virtual Task<Result<std::optional<PageSession>>> find_session(std::string token_hash, SystemTime now,
                                                                              SystemTime seen_since) = 0;
  /// It was used now.
  [[nodiscard]] virtual Task<Result<void>> touch_session(std::int64_t id, SystemTime now) = 0;
  /// Those that have not ended, by id.
  [[nodiscard]] virtual Task<Result<std::vector<PageSession>>> list_sessions(SystemTime now) = 0;
  /// Error kNotFound: there is none.
  [[nodiscard]] virtual Task<Result<void>> end_session(std::int64_t id) = 0;
};

}  // namespace tapedeck
