#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "redis/endpoint.hpp"

namespace tapedeck::redis {

inline constexpr std::uint16_t kRedisPort = 6379;
inline constexpr std::uint16_t kSentinelPort = 26379;
/// Most servers that one URL may name.
inline constexpr std::size_t kEndpointsMax = 64;

struct Login {
  std::string user;      ///< empty: Redis's default user
  std::string password;  ///< empty: no login
};

/// Files in PEM. Empty: the system's certificate authorities, and no client certificate.
struct TlsFiles {
  std::string authorities;
  std::string certificate;
  std::string key;
};

enum class Topology { kSingle, kSentinel, kCluster };

/// The parts of a Redis URL.
struct Url {
  Topology topology = Topology::kSingle;
  bool tls = false;
  std::vector<Endpoint> endpoints;  ///< one; or the Sentinels; or some nodes of the Cluster
  Login login;
  int database = 0;
  std::string master_name;  ///< as the Sentinels call it
  Login sentinel_login;
  TlsFiles files;
};

/// Reads
///   redis://[[user]:password@]host[:port][/database]          rediss://… the same with TLS
///   unix:///path/to/redis.sock[?database=N]                   also redis+unix://[[user]:password@]/path
///   redis+sentinel://[[user]:password@]host[:port],host[:port]/master-name[/database]
///   redis+cluster://[[user]:password@]host[:port],host[:port]
/// rediss+sentinel:// and rediss+cluster:// use TLS throughout. Options after "?": tls_ca, tls_cert, tls_key (files in
/// PEM), sentinel_user, sentinel_password, database. User, password and options are percent-encoded (RFC 3986 §2.1).
/// Error kInvalidArgument says what to write. It never holds the text, which may hold a password.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

/// The URL without passwords, for people: "redis://redis.example.com:6379/0".
[[nodiscard]] std::string url_text(const Url& url);

}  // namespace tapedeck::redis
