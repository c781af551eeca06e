#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/encoding.hpp"
#include "calls/ports/key_store.hpp"
#include "calls/ports/session_store.hpp"
#include "domain/recording.hpp"
#include "runtime/clock.hpp"
#include "runtime/random.hpp"

namespace tapedeck {

/// How long an answer of the call store about a key or a session is believed: what ends in another process ends here
/// within this time.
inline constexpr Milliseconds kKeyCacheTtl{2'000};
/// Most keys and sessions that are cached as good, and most that are cached as refused.
inline constexpr std::size_t kKeyCacheMax = 10'000;
/// Lifetime of a page's session, and how long it lasts without a request.
inline constexpr Seconds kSessionTtl{12 * 3600};
inline constexpr Seconds kSessionIdle{4 * 3600};
/// How exactly a session's last request is noted.
inline constexpr Seconds kSessionTouch{60};
/// Lifetime of a one-time login link.
inline constexpr Seconds kLoginTtl{15 * 60};
/// Default and longest lifetime of a signed link.
inline constexpr Seconds kLinkTtlDefault{3600};
inline constexpr Seconds kLinkTtlMax{7 * 24 * 3600};
/// Longest session cookie, login token or link signature that is accepted.
inline constexpr std::size_t kCredentialMax = 512;

/// Who sends a request.
struct Caller {
  enum class Kind { kKey, kSession, kLink };
  Kind kind = Kind::kKey;
  BusinessId business;          ///< empty: an operator, who must name one
  std::int64_t key_id = 0;      ///< of the key that was used, or that the session belongs to; 0: none
  std::int64_t session_id = 0;  ///< of a session
  std::string csrf_token;       ///< of a session: the value that X-CSRF-Token must have
  [[nodiscard]] bool is_operator() const noexcept { return business.empty(); }
  /// For the audit: "key:7", "operator:7", "session:12", "link".
  [[nodiscard]] std::string actor() const;
};

/// A signed link's query parameters.
struct SignedLink {
  std::int64_t expires = 0;  ///< Unix time, seconds
  std::string signature;     ///< base64url
};

/// A new session: the value of its cookie, which is not stored, and who has it.
struct OpenedSession {
  std::string cookie;
  Caller caller;
};

/// Authenticates callers. Thread-safe. Secrets are compared in constant time, and stored as hashes only.
///
/// A session's cookie is `<random token>.<MAC>`. The call store has its hash, so that the session can be ended; another
/// process follows within kKeyCacheTtl. Because of the MAC an invented cookie asks no store.
class Access {
 public:
  /// `secret_key`: 32 bytes (SECRET_KEY); the keys of links, sessions and CSRF tokens are derived from it.
  Access(KeyStore& stored_keys, SessionStore& stored_sessions, Clock& clock, Random& random,
         std::string_view secret_key);

  /// `Authorization: Bearer` key. Error kUnauthenticated.
  [[nodiscard]] Task<Result<Caller>> by_key(std::string key);
  /// The same without a coroutine, for a hot stream; nothing if the key is not cached. One SHA-256 and one look-up.
  [[nodiscard]] std::optional<Caller> by_cached_key(std::string_view key);
  /// A session cookie's value. Error kUnauthenticated: unknown, ended, expired, idle for too long, or of a revoked key.
  [[nodiscard]] Task<Result<Caller>> by_session(std::string cookie);
  /// `?exp=&sig=` of a recording. Error kUnauthenticated.
  [[nodiscard]] Result<Caller> by_link(const BusinessId& business, const Sid& sid, std::int64_t expires,
                                       std::string_view signature) const;

  /// Returns the key, which is not stored and cannot be shown again. With an empty `business` it is an operator's.
  [[nodiscard]] Task<Result<std::string>> create_key(BusinessId business, std::string name);
  /// Ends the key and its sessions; other processes follow within kKeyCacheTtl.
  [[nodiscard]] Task<Result<void>> revoke_key(std::int64_t id);

  [[nodiscard]] SignedLink sign_link(const BusinessId& business, const Sid& sid, Seconds ttl) const;

  /// Returns the token of a one-time login link.
  [[nodiscard]] Task<Result<std::string>> create_login(LoginGrant grant);
  /// Exchanges the token for a session. Error kUnauthenticated: unknown, used or expired.
  [[nodiscard]] Task<Result<OpenedSession>> login(std::string token);
  /// Opens a session for a business, empty for an operator, and a key, 0 for none.
  [[nodiscard]] Task<Result<OpenedSession>> open_session(BusinessId business, std::int64_t key_id);
  /// Ends a session; other processes follow within kKeyCacheTtl. Idempotent.
  [[nodiscard]] Task<Result<void>> end_session(std::int64_t id);

 private:
  struct CachedCaller {
    Caller caller;
    SteadyTime until;
  };
  /// The first bytes of a digest serve as its hash.
  struct DigestHash {
    std::size_t operator()(const Sha256& digest) const noexcept;
  };
  struct DigestEqual {
    bool operator()(const Sha256& a, const Sha256& b) const noexcept;
  };

  template <class Value>
  using ByDigest = std::unordered_map<Sha256, Value, DigestHash, DigestEqual>;

  [[nodiscard]] std::string link_signature(const BusinessId& business, const Sid& sid, std::int64_t expires) const;
  [[nodiscard]] Caller caller_of(const PageSession& session, std::string_view cookie) const;
  [[nodiscard]] std::optional<Caller> find_cached(const Sha256& credential);
  void remember(const Sha256& credential, const Caller& caller, Milliseconds lasts);
  template <class Predicate>
  void forget(Predicate is_gone);
  [[nodiscard]] bool is_known_refused(const Sha256& credential);
  void remember_refused(const Sha256& credential);

  KeyStore& stored_keys_;
  SessionStore& stored_sessions_;
  Clock& clock_;
  Random& random_;
  const Sha256 session_secret_;
  const Sha256 csrf_secret_;
  const Sha256 link_secret_;

  std::mutex mutex_;
  ByDigest<CachedCaller> callers_;  // of good keys and sessions
  ByDigest<SteadyTime> refused_;    // unknown keys and sessions, and those that have ended: until when
};

}  // namespace tapedeck
