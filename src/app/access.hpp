#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "base/encoding.hpp"
#include "calls/ports/key_store.hpp"
#include "domain/recording.hpp"
#include "runtime/clock.hpp"
#include "runtime/random.hpp"

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
/// Most characters of a session cookie, a login token or a link's signature that are looked at.
inline constexpr std::size_t kCredentialMax = 512;

/// Who calls.
struct Caller {
  enum class Kind { kKey, kSession, kLink };
  Kind kind = Kind::kKey;
  BusinessId business;      ///< empty: an operator, who must name one
  std::int64_t key_id = 0;  ///< the key behind it; 0: none
  std::string csrf_token;   ///< of a session: what X-CSRF-Token must say
  [[nodiscard]] bool is_operator() const noexcept { return business.empty(); }
  /// For the audit: "key:7", "operator:7", "session:7", "session" (without a key), "link".
  [[nodiscard]] std::string actor() const;
};

/// A signed link's query parameters.
struct SignedLink {
  std::int64_t expires = 0;  ///< Unix time, seconds
  std::string signature;     ///< base64url
};

/// Who may do what. Thread-safe. Secrets are compared in constant time, and stored as hashes only.
///
/// Sessions are not stored: a cookie is `1.<business>.<key id>.<expiry>.<nonce>.<mac>`, so that any process with the
/// same SECRET_KEY accepts it. It ends when it expires, or when the key behind it is revoked.
class Access {
 public:
  /// `secret_key`: 32 bytes (SECRET_KEY); the keys of links, sessions and their CSRF tokens are derived from it.
  Access(KeyStore& stored_keys, Clock& clock, Random& random, std::string_view secret_key);

  /// `Authorization: Bearer` key. Error kUnauthenticated.
  [[nodiscard]] Task<Result<Caller>> by_key(std::string key);
  /// The same without a coroutine, when the key is cached: what a hot stream uses. One SHA-256 and one look-up.
  [[nodiscard]] std::optional<Caller> by_cached_key(std::string_view key);
  /// A session cookie's value. Error kUnauthenticated: forged, expired, or its key was revoked.
  [[nodiscard]] Task<Result<Caller>> by_session(std::string cookie);
  /// `?exp=&sig=` of a recording. Error kUnauthenticated.
  [[nodiscard]] Result<Caller> by_link(const BusinessId& business, const Sid& sid, std::int64_t expires,
                                       std::string_view signature) const;

  /// Returns the key, which is not stored and cannot be shown again. `business` empty: an operator's.
  [[nodiscard]] Task<Result<std::string>> create_key(BusinessId business, std::string name);
  /// Ends the key and its sessions; in other processes within kKeyCacheTtl.
  [[nodiscard]] Task<Result<void>> revoke_key(std::int64_t id);

  [[nodiscard]] SignedLink sign_link(const BusinessId& business, const Sid& sid, Seconds ttl) const;

  /// Returns the token of a one-time login link.
  [[nodiscard]] Task<Result<std::string>> create_login(LoginGrant grant);
  /// Exchanges it for a session cookie's value. Error kUnauthenticated: unknown, used or expired.
  [[nodiscard]] Task<Result<std::string>> login(std::string token);
  /// A session of a caller with a key.
  [[nodiscard]] std::string open_session(const Caller& caller) const;

 private:
  struct CachedKey {
    Caller caller;
    SteadyTime until;
  };
  /// The first bytes of a digest are as good as any hash of it.
  struct DigestHash {
    std::size_t operator()(const Sha256& digest) const noexcept;
  };
  struct DigestEqual {
    bool operator()(const Sha256& a, const Sha256& b) const noexcept;
  };

  [[nodiscard]] std::string seal_session(const BusinessId& business, std::int64_t key_id) const;
  [[nodiscard]] std::string link_signature(const BusinessId& business, const Sid& sid, std::int64_t expires) const;
  /// Whether a session's key is still good; asks the call store at most once in kKeyCacheTtl.
  [[nodiscard]] Task<Result<bool>> is_live(std::int64_t key_id);

  KeyStore& stored_keys_;
  Clock& clock_;
  Random& random_;
  const Sha256 session_secret_;
  const Sha256 csrf_secret_;
  const Sha256 link_secret_;

  std::mutex mutex_;
  std::unordered_map<Sha256, CachedKey, DigestHash, DigestEqual> keys_;
  std::unordered_set<std::int64_t> live_keys_;  // as of the last look, good until live_until_
  SteadyTime live_until_{};
};

}  // namespace tapedeck
