#include "app/access.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "domain/api_key.hpp"

namespace tapedeck {
namespace {

// A session's cookie and a login link have this many random bytes.
constexpr std::size_t kTokenBytes = 32;

std::int64_t unix_seconds(SystemTime time) {
  return std::chrono::duration_cast<Seconds>(time.time_since_epoch()).count();
}

std::string mac_text(const Sha256& secret, std::string_view message) {
  return to_base64url(view_of(hmac_sha256(view_of(secret), message)));
}

}  // namespace

std::string Caller::actor() const {
  switch (kind) {
    case Kind::kLink: return "link";
    case Kind::kSession: return fmt::format("session:{}", session_id);
    case Kind::kKey: break;
  }
  return fmt::format("{}:{}", is_operator() ? "operator" : "key", key_id);
}

std::size_t Access::DigestHash::operator()(const Sha256& digest) const noexcept {
  std::size_t hash = 0;
  std::memcpy(&hash, digest.data(), sizeof hash);
  return hash;
}

bool Access::DigestEqual::operator()(const Sha256& a, const Sha256& b) const noexcept {
  return equal_in_constant_time(view_of(a), view_of(b));
}

Access::Access(KeyStore& stored_keys, SessionStore& stored_sessions, Clock& clock, Random& random,
               std::string_view secret_key)
    : stored_keys_(stored_keys),
      stored_sessions_(stored_sessions),
      clock_(clock),
      random_(random),
      session_secret_(hmac_sha256(secret_key, "tapedeck session 2")),
      csrf_secret_(hmac_sha256(secret_key, "tapedeck csrf 1")),
      link_secret_(hmac_sha256(secret_key, "tapedeck link 1")) {}

Task<Result<Caller>> Access::by_key(std::string key) {
  if (!is_api_key(key)) co_return fail(Errc::kUnauthenticated, std::string(kApiKeyExpected));
  const Sha256 digest = sha256(key);
  if (std::optional<Caller> cached = find_cached(digest)) co_return std::move(*cached);
  const auto refuse = [] { return fail(Errc::kUnauthenticated, "this API key is unknown or was revoked"); };
  if (is_known_refused(digest)) co_return refuse();
  Result<std::optional<ApiKey>> found = co_await stored_keys_.find_key(to_hex(view_of(digest)));
  if (!found) co_return fail(std::move(found.error()));
  if (!*found || (*found)->revoked_at || !is_key_of_hash(key, (*found)->hash)) {
    remember_refused(digest);
    co_return refuse();
  }
  Caller caller;
  caller.business = (*found)->business;
  caller.key_id = (*found)->id;
  remember(digest, caller, kKeyCacheTtl);
  co_return caller;
}

std::optional<Caller> Access::by_cached_key(std::string_view key) {
  if (key.size() != kApiKeyLength) return std::nullopt;
  return find_cached(sha256(key));
}

Task<Result<Caller>> Access::by_session(std::string cookie) {
  const auto refuse = [] { return fail(Errc::kUnauthenticated, "this session has ended: sign in again"); };
  const std::size_t dot = cookie.rfind('.');
  if (cookie.size() > kCredentialMax || dot == std::string::npos) co_return refuse();
  const std::string expected = mac_text(session_secret_, std::string_view(cookie).substr(0, dot));
  if (!equal_in_constant_time(std::string_view(cookie).substr(dot + 1), expected)) co_return refuse();
  const Sha256 digest = sha256(cookie);
  if (std::optional<Caller> cached = find_cached(digest)) co_return std::move(*cached);
  if (is_known_refused(digest)) co_return refuse();
  const SystemTime now = clock_.system_now();
  auto found = co_await stored_sessions_.find_session(to_hex(view_of(digest)), now, now - kSessionIdle);
  if (!found) co_return fail(std::move(found.error()));
  if (!*found) {
    remember_refused(digest);
    co_return refuse();
  }
  if (now - (*found)->seen_at >= kSessionTouch) {
    auto touched = co_await stored_sessions_.touch_session((*found)->id, now);
    (void)touched;  // a store that takes no changes now must not sign anybody out; the next request tries again
  }
  const Caller caller = caller_of(**found, cookie);
  remember(digest, caller, std::chrono::duration_cast<Milliseconds>((*found)->expires_at - now));
  co_return caller;
}

Caller Access::caller_of(const PageSession& session, std::string_view cookie) const {
  return Caller{.kind = Caller::Kind::kSession,
                .business = session.business,
                .key_id = session.key_id,
                .session_id = session.id,
                .csrf_token = mac_text(csrf_secret_, cookie)};
}

std::optional<Caller> Access::find_cached(const Sha256& credential) {
  const SteadyTime now = clock_.steady_now();
  const std::scoped_lock lock(mutex_);
  const auto found = callers_.find(credential);
  if (found == callers_.end()) return std::nullopt;
  if (now >= found->second.until) {
    callers_.erase(found);
    return std::nullopt;
  }
  return found->second.caller;
}

void Access::remember(const Sha256& credential, const Caller& caller, Milliseconds lasts) {
  const std::scoped_lock lock(mutex_);
  // Entries live for seconds, so a full cache simply starts anew.
  if (callers_.size() >= kKeyCacheMax && !callers_.contains(credential)) callers_.clear();
  callers_.insert_or_assign(credential, CachedCaller{caller, clock_.steady_now() + std::min(lasts, kKeyCacheTtl)});
}

template <class Predicate>
void Access::forget(Predicate is_gone) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(callers_, [&is_gone](const auto& entry) { return is_gone(entry.second.caller); });
}

bool Access::is_known_refused(const Sha256& credential) {
  const std::scoped_lock lock(mutex_);
  const auto found = refused_.find(credential);
  return found != refused_.end() && clock_.steady_now() < found->second;
}

// A credential that was refused stays bad: keys exist before they are given out, and a revocation is final.
void Access::remember_refused(const Sha256& credential) {
  const std::scoped_lock lock(mutex_);
  if (refused_.size() >= kKeyCacheMax) refused_.clear();
  refused_.insert_or_assign(credential, clock_.steady_now() + kKeyCacheTtl);
}

Result<Caller> Access::by_link(const BusinessId& business, const Sid& sid, std::int64_t expires,
                               std::string_view signature) const {
  if (!equal_in_constant_time(signature, link_signature(business, sid, expires))) {
    return fail(Errc::kUnauthenticated, "this link is not valid: ask for a new one");
  }
  if (unix_seconds(clock_.system_now()) >= expires) {
    return fail(Errc::kUnauthenticated, "this link has expired: ask for a new one");
  }
  Caller holder;
  holder.kind = Caller::Kind::kLink;
  holder.business = business;
  return holder;
}

Task<Result<std::string>> Access::create_key(BusinessId business, std::string name) {
  std::string key = make_api_key(random_.bytes(kApiKeyBytes));
  ApiKey row{.id = 0,
             .business = std::move(business),
             .name = std::move(name),
             .hash = hash_api_key(key),
             .created_at = clock_.system_now(),
             .revoked_at = {}};
  Result<std::int64_t> id = co_await stored_keys_.create_key(std::move(row));
  if (!id) co_return fail(std::move(id.error()));
  co_return key;
}

Task<Result<void>> Access::revoke_key(std::int64_t id) {
  Result<void> revoked = co_await stored_keys_.revoke_key(id, clock_.system_now());
  if (!revoked) co_return fail(std::move(revoked.error()));
  forget([id](const Caller& caller) { return caller.key_id == id; });
  co_return Result<void>{};
}

SignedLink Access::sign_link(const BusinessId& business, const Sid& sid, Seconds ttl) const {
  const std::int64_t expires = unix_seconds(clock_.system_now() + ttl);
  return {.expires = expires, .signature = link_signature(business, sid, expires)};
}

std::string Access::link_signature(const BusinessId& business, const Sid& sid, std::int64_t expires) const {
  return mac_text(link_secret_, fmt::format("{} {} {}", business.view(), sid.view(), expires));
}

Task<Result<std::string>> Access::create_login(LoginGrant grant) {
  std::string token = to_base64url(random_.bytes(kTokenBytes));
  Result<void> created =
      co_await stored_keys_.create_login(sha256_hex(token), std::move(grant), clock_.system_now() + kLoginTtl);
  if (!created) co_return fail(std::move(created.error()));
  co_return token;
}

Task<Result<OpenedSession>> Access::login(std::string token) {
  if (token.size() > kCredentialMax) co_return fail(Errc::kUnauthenticated, "this login link is not valid");
  Result<std::optional<LoginGrant>> grant = co_await stored_keys_.consume_login(sha256_hex(token), clock_.system_now());
  if (!grant) co_return fail(std::move(grant.error()));
  if (!*grant) {
    co_return fail(Errc::kUnauthenticated, "this login link is unknown, was used already, or has expired");
  }
  auto opened = co_await open_session(std::move((*grant)->business), (*grant)->key_id);
  co_return opened;
}

Task<Result<OpenedSession>> Access::open_session(BusinessId business, std::int64_t key_id) {
  OpenedSession opened;
  const std::string token = to_base64url(random_.bytes(kTokenBytes));
  opened.cookie = fmt::format("{}.{}", token, mac_text(session_secret_, token));
  const SystemTime now = clock_.system_now();
  PageSession session;
  session.business = std::move(business);
  session.key_id = key_id;
  session.token_hash = sha256_hex(opened.cookie);
  session.created_at = now;
  session.seen_at = now;
  session.expires_at = now + kSessionTtl;
  PageSession stored = session;
  auto id = co_await stored_sessions_.create_session(std::move(stored));
  if (!id) co_return fail(std::move(id.error()));
  session.id = *id;
  opened.caller = caller_of(session, opened.cookie);
  co_return opened;
}

Task<Result<void>> Access::end_session(std::int64_t id) {
  Result<void> ended = co_await stored_sessions_.end_session(id);
  forget([id](const Caller& caller) { return caller.session_id == id; });
  if (!ended && ended.error().errc() == Errc::kNotFound) co_return Result<void>{};
  co_return ended;
}

}  // namespace tapedeck
