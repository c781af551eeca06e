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

struct ApiKey {
  std::int64_t id = 0;
  BusinessId business;  ///< empty: an operator's key
  std::string name;
  std::string hash;  ///< domain/api_key.hpp; never the key itself
  SystemTime created_at;
  std::optional<SystemTime> revoked_at;
};

/// Whom a one-time login link signs in.
struct LoginGrant {
  BusinessId business;      ///< empty: an operator
  std::int64_t key_id = 0;  ///< the key that the session stands for; 0: none
};

/// API keys and login links. Errors: see CallStore.
class KeyStore {
 public:
  virtual ~KeyStore() = default;

  /// Returns the key's id. Error kNotFound: no such business.
  [[nodiscard]] virtual Task<Result<std::int64_t>> create_key(ApiKey key) = 0;
  /// Revoked keys are found too.
  [[nodiscard]] virtual Task<Result<std::optional<ApiKey>>> find_key(std::string hash) = 0;
  [[nodiscard]] virtual Task<Result<std::vector<ApiKey>>> list_keys() = 0;
  [[nodiscard]] virtual Task<Result<void>> revoke_key(std::int64_t id, SystemTime now) = 0;

  [[nodiscard]] virtual Task<Result<void>> create_login(std::string token_hash, LoginGrant grant,
                                                        SystemTime expires) = 0;
  /// At most once for each token; empty when it is unknown, used or expired.
  [[nodiscard]] virtual Task<Result<std::optional<LoginGrant>>> consume_login(std::string token_hash,
                                                                              SystemTime now) = 0;
};

}  // namespace tapedeck
