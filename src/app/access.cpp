#include "app/access.hpp"

#include <array>
#include <charconv>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "domain/api_key.hpp"

namespace tapedeck {
namespace {

constexpr std::string_view kSessionVersion = "1";
constexpr std::size_t kNonceBytes = 16;
constexpr std::size_t kLoginTokenBytes = 32;

std::int64_t unix_seconds(SystemTime time) {
  return std::chrono::duration_cast<Seconds>(time.time_since_epoch()).count();
}

std::optional<std::int64_t> to_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

std::string mac_text(const Sha256& secret, std::string_view message) {
  return to_base64url(view_of(hmac_sha256(view_of(secret), message)));
}

struct SessionFields {
  BusinessId business;
  std::int64_t key_id = 0;
  std::int64_t expires = 0;
};

// Splits a cookie of seal_session(), whose MAC has been checked.
std::optional<SessionFields> parse_session(std::string_view cookie) {
  std::array<std::string_view, 6> parts;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::size_t end = std::min(cookie.find('.'), cookie.size());
    if ((end == cookie.size()) != (i + 1 == parts.size())) return std::nullopt;
    parts[i] = cookie.substr(0, end);
    cookie.remove_prefix(std::min(end + 1, cookie.size()));
  }
  const auto key_id = to_number(parts[2]);
  const auto expires = to_number(parts[3]);
  if (parts[0] != kSessionVersion || !key_id || !expires) return std::nullopt;
  SessionFields fields{.business = {}, .key_id = *key_id, .expires = *expires};
  if (!parts[1].empty()) {
    Result<BusinessId> business = BusinessId::parse(parts[1]);
    if (!business) return std::nullopt;
    fields.business = std::move(*business);
  }
  return fields;
}

}  // namespace

std::string Caller::actor() const {
  switch (kind) {
    case Kind::kLink: return "link";
    case Kind::kSession: return key_id == 0 ? "session" : fmt::format("session:{}", key_id);
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

Access::Access(KeyStore& stored_keys, Clock& clock, Random& random, std::string_view secret_key)
    : stored_keys_(stored_keys),
      clock_(clock),
      random_(random),
      session_secret_(hmac_sha256(secret_key, "tapedeck session 1")),
      csrf_secret_(hmac_sha256(secret_key, "tapedeck csrf 1")),
      link_secret_(hmac_sha256(secret_key, "tapedeck link 1")) {}

Task<Result<Caller>> Access::by_key(std::string key) {
  if (!is_api_key(key)) co_return fail(Errc::kUnauthenticated, std::string(kApiKeyExpected));
  if (std::optional<Caller> cached = by_cached_key(key)) co_return std::move(*cached);
  const auto refuse = [] { return fail(Errc::kUnauthenticated, "this API key is unknown or was revoked"); };
  const Sha256 digest = sha256(key);
  if (is_known_refused(digest)) co_return refuse();
  Result<std::optional<ApiKey>> found = co_await stored_keys_.find_key(to_hex(view_of(digest)));
  if (!found) co_return fail(std::move(found.error()));
  if (!*found || (*found)->revoked_at || !is_key_of_hash(key, (*found)->hash)) {
    remember_refused(digest);
    co_return refuse();
  }
  Caller caller{.kind = Caller::Kind::kKey, .business = (*found)->business, .key_id = (*found)->id, .csrf_token = {}};
  const std::scoped_lock lock(mutex_);
  // Entries live for seconds, so a full cache simply starts anew.
  if (keys_.size() >= kKeyCacheMax && !keys_.contains(digest)) keys_.clear();
  keys_.insert_or_assign(digest, CachedKey{caller, clock_.steady_now() + kKeyCacheTtl});
  co_return caller;
}

std::optional<Caller> Access::by_cached_key(std::string_view key) {
  if (key.size() != kApiKeyLength) return std::nullopt;
  const Sha256 digest = sha256(key);
  const SteadyTime now = clock_.steady_now();
  const std::scoped_lock lock(mutex_);
  const auto found = keys_.find(digest);
  if (found == keys_.end()) return std::nullopt;
  if (now >= found->second.until) {
    keys_.erase(found);
    return std::nullopt;
  }
  return found->second.caller;
}

Task<Result<Caller>> Access::by_session(std::string cookie) {
  const auto refuse = [] { return fail(Errc::kUnauthenticated, "this session has ended: sign in again"); };
  const std::size_t dot = cookie.rfind('.');
  if (cookie.size() > kCredentialMax || dot == std::string::npos) co_return refuse();
  const std::string expected = mac_text(session_secret_, std::string_view(cookie).substr(0, dot));
  if (!equal_in_constant_time(std::string_view(cookie).substr(dot + 1), expected)) co_return refuse();
  std::optional<SessionFields> fields = parse_session(cookie);
  if (!fields || unix_seconds(clock_.system_now()) >= fields->expires) co_return refuse();
  if (fields->key_id != 0) {
    const Sha256 digest = sha256(cookie);
    if (is_known_refused(digest)) co_return refuse();
    Result<bool> live = co_await is_live(fields->key_id);
    if (!live) co_return fail(std::move(live.error()));
    if (!*live) {
      remember_refused(digest);
      co_return refuse();
    }
  }
  co_return Caller{.kind = Caller::Kind::kSession,
                   .business = std::move(fields->business),
                   .key_id = fields->key_id,
                   .csrf_token = mac_text(csrf_secret_, cookie)};
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

Task<Result<bool>> Access::is_live(std::int64_t key_id) {
  {
    const SteadyTime now = clock_.steady_now();
    const std::scoped_lock lock(mutex_);
    // A missing key may be younger than live_keys_.
    if (now < live_until_ && live_keys_.contains(key_id)) co_return true;
  }
  Result<std::vector<ApiKey>> keys = co_await stored_keys_.list_keys();
  if (!keys) co_return fail(std::move(keys.error()));
  const std::scoped_lock lock(mutex_);
  live_keys_.clear();
  for (const ApiKey& key : *keys) {
    if (!key.revoked_at) live_keys_.insert(key.id);
  }
  live_until_ = clock_.steady_now() + kKeyCacheTtl;
  co_return live_keys_.contains(key_id);
}

Result<Caller> Access::by_link(const BusinessId& business, const Sid& sid, std::int64_t expires,
                               std::string_view signature) const {
  if (!equal_in_constant_time(signature, link_signature(business, sid, expires))) {
    return fail(Errc::kUnauthenticated, "this link is not valid: ask for a new one");
  }
  if (unix_seconds(clock_.system_now()) >= expires) {
    return fail(Errc::kUnauthenticated, "this link has expired: ask for a new one");
  }
  return Caller{.kind = Caller::Kind::kLink, .business = business, .key_id = 0, .csrf_token = {}};
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
  const std::scoped_lock lock(mutex_);
  live_until_ = {};
  co_return key;
}

Task<Result<void>> Access::revoke_key(std::int64_t id) {
  Result<void> revoked = co_await stored_keys_.revoke_key(id, clock_.system_now());
  if (!revoked) co_return fail(std::move(revoked.error()));
  const std::scoped_lock lock(mutex_);
  std::erase_if(keys_, [id](const auto& entry) { return entry.second.caller.key_id == id; });
  live_until_ = {};
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
  std::string token = to_base64url(random_.bytes(kLoginTokenBytes));
  Result<void> created =
      co_await stored_keys_.create_login(sha256_hex(token), std::move(grant), clock_.system_now() + kLoginTtl);
  if (!created) co_return fail(std::move(created.error()));
  co_return token;
}

Task<Result<std::string>> Access::login(std::string token) {
  if (token.size() > kCredentialMax) co_return fail(Errc::kUnauthenticated, "this login link is not valid");
  Result<std::optional<LoginGrant>> grant = co_await stored_keys_.consume_login(sha256_hex(token), clock_.system_now());
  if (!grant) co_return fail(std::move(grant.error()));
  if (!*grant) {
    co_return fail(Errc::kUnauthenticated, "this login link is unknown, was used already, or has expired");
  }
  co_return seal_session((*grant)->business, (*grant)->key_id);
}

std::string Access::open_session(const Caller& caller) const { return seal_session(caller.business, caller.key_id); }

std::string Access::seal_session(const BusinessId& business, std::int64_t key_id) const {
  const std::int64_t expires = unix_seconds(clock_.system_now() + kSessionTtl);
  const std::string fields = fmt::format("{}.{}.{}.{}.{}", kSessionVersion, business.view(), key_id, expires,
                                         to_base64url(random_.bytes(kNonceBytes)));
  return fmt::format("{}.{}", fields, mac_text(session_secret_, fields));
}

}  // namespace tapedeck
