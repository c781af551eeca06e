#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/recording.hpp"
#include "ports/call_store.hpp"
#include "ports/clock.hpp"
#include "ports/random.hpp"

namespace tapedeck {

/// How long a key that was found is believed without asking the call store again: so long a revocation in another
/// process may take to reach this one.
inline constexpr Milliseconds kKeyCacheTtl{2'000};
/// Most keys in that cache.
inline constexpr std::size_t kKeyCacheMax = 10'000;
/// How long a page's session lasts.
inline constexpr Seconds kSessionTtl{12 * 3600};
/// How long a one-time login link works.
inline constexpr Seconds kLoginTtl{15 * 60};
/// Default and greatest life of a signed link.
inline constexpr Seconds kLinkTtlDefault{3600};
inline constexpr Seconds kLinkTtlMax{7 * 24 * 3600};

/// Who calls.
struct Caller {
  enum class Kind { kKey, kSession, kLink };
  Kind kind = Kind::kKey;
  BusinessId business;       ///< empty: an operator, who must name one
  std::int64_t key_id = 0;   ///< the key behind it; 0: none
  std::string csrf_token;    ///< of a session: what X-CSRF-Token must say
  [[nodiscard]] bool is_operator() const noexcept { return business.empty(); }
  /// "key:7", "session:7", "link"
  [[nodiscard]] std::string actor() const;
};

/// A signed link's query parameters.
struct SignedLink {
  std::int64_t expires = 0;  ///< Unix time, seconds
  std::string signature;     ///< base64url
};

/// Who may do what. Thread-safe. Secrets are compared in constant time, and stored as hashes only.
class Access {
 public:
  /// `secret_key`: 32 bytes (SECRET_KEY); the keys of links and sessions are derived from it.
  Access(CallStore& calls, Clock& clock, Random& random, std::string secret_key);

  /// `Authorization: Bearer` key. Error kUnauthenticated.
  [[nodiscard]] Task<Result<Caller>> by_key(std::string key);
  /// The same without a coroutine, when the key is cached: what a hot stream uses.
  [[nodiscard]] std::optional<Caller> by_cached_key(std::string_view key);
  /// A session cookie's value. Error kUnauthenticated: forged, expired, or its key was revoked.
  [[nodiscard]] Task<Result<Caller>> by_session(std::string cookie);
  /// `?exp=&sig=` of a recording. Error kUnauthenticated.
  [[nodiscard]] Result<Caller> by_link(const BusinessId& business, const Sid& sid, std::int64_t expires,
                                       std::string_view signature) const;

  /// Returns the key, which is not stored and cannot be shown again. `business` empty: an operator's.
  [[nodiscard]] Task<Result<std::string>> create_key(BusinessId business, std::string name);
  [[nodiscard]] Task<Result<void>> revoke_key(std::int64_t id);

  [[nodiscard]] SignedLink sign_link(const BusinessId& business, const Sid& sid, Seconds ttl) const;

  /// Returns the token of a one-time login link.
  [[nodiscard]] Task<Result<std::string>> create_login(LoginGrant grant);
  /// Exchanges it for a session cookie's value. Error kUnauthenticated: unknown, used or expired.
  [[nodiscard]] Task<Result<std::string>> login(std::string token);
  /// A session of a caller with a key.
  [[nodiscard]] std::string open_session(const Caller& caller) const;

 private:
  struct Cached {
    Caller caller;
    SteadyTime until;
  };

  [[nodiscard]] std::string mac(std::string_view purpose, std::string_view message) const;
  [[nodiscard]] std::string seal_session(const BusinessId& business, std::int64_t key_id) const;
  void remember(const std::string& hash, const Caller& caller);

  CallStore& calls_;
  Clock& clock_;
  Random& random_;
  std::string secret_key_;
  std::mutex mutex_;
  std::unordered_map<std::string, Cached> keys_;  // by hash
};

}  // namespace tapedeck
