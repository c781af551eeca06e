#include "redis/url.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include <boost/url/ipv6_address.hpp>
#include <boost/url/pct_string_view.hpp>

namespace tapedeck::redis {
namespace {

constexpr std::string_view kForms =
    "write redis://[user:password@]host[:port][/database], rediss://… for TLS, unix:///path/to/socket, "
    "redis+sentinel://host:port,host:port/master-name, or redis+cluster://host:port,host:port";
// Redis has 16 databases by default; its setting is an int.
constexpr int kDatabaseMax = 1'000'000;

struct Scheme {
  std::string_view name;
  Topology topology;
  bool tls;
  bool unix_socket;
};

constexpr std::array kSchemes{
    Scheme{"redis", Topology::kSingle, false, false},
    Scheme{"rediss", Topology::kSingle, true, false},
    Scheme{"unix", Topology::kSingle, false, true},
    Scheme{"redis+unix", Topology::kSingle, false, true},
    Scheme{"redis+sentinel", Topology::kSentinel, false, false},
    Scheme{"rediss+sentinel", Topology::kSentinel, true, false},
    Scheme{"redis+cluster", Topology::kCluster, false, false},
    Scheme{"rediss+cluster", Topology::kCluster, true, false},
};

std::unexpected<Error> wrong(std::string_view what) { return fail(Errc::kInvalidArgument, std::string(what)); }

// Nothing for a "%" without two digits, and for a NUL, which no password, path or name holds. Every other character
// stands for itself, also where RFC 3986 asks for it encoded: people paste passwords.
std::optional<std::string> decoded(std::string_view text) {
  const auto encoded = boost::urls::make_pct_string_view(text);
  if (!encoded) return std::nullopt;
  std::string plain = encoded->decode();
  if (plain.contains('\0')) return std::nullopt;
  return plain;
}

template <class Number>
std::optional<Number> number(std::string_view text, Number most) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > most || text.starts_with('-')) return {};
  return value;
}

// The text before the first `mark`, and the text after it; without a mark, all and nothing.
std::pair<std::string_view, std::string_view> cut(std::string_view text, char mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return {text, {}};
  return {text.substr(0, at), text.substr(at + 1)};
}

Result<Login> parse_login(std::string_view text) {
  const bool has_colon = text.contains(':');
  const auto [user, password] = cut(text, ':');
  // "redis://secret@host" could mean either, and a user without a password cannot log in.
  if (!has_colon) return wrong("before the @ stands user:password, or :password for the default user");
  auto plain_user = decoded(user);
  auto plain_password = decoded(password);
  if (!plain_user || !plain_password) return wrong("user and password are percent-encoded: a % itself is %25");
  if (plain_password->empty()) return wrong("the password is empty");
  return Login{std::move(*plain_user), std::move(*plain_password)};
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

Result<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port) {
  Endpoint endpoint;
  endpoint.port = default_port;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return wrong("an IPv6 address stands in brackets: [::1]");
    endpoint.host = text.substr(1, close - 1);
    rest = text.substr(close + 1);
    if (!boost::urls::parse_ipv6_address(endpoint.host)) return wrong("an IPv6 address stands in brackets: [::1]");
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    endpoint.host = text.substr(0, colon);
    rest = text.substr(colon);
    if (!std::ranges::all_of(endpoint.host, is_host_character)) {
      return wrong(
          "the host has a character that no host name has; in a password, write @ as %40, / as %2F, : as %3A, "
          "# as %23 and ? as %3F");
    }
  }
  if (endpoint.host.empty()) return wrong("the host is missing; " + std::string(kForms));
  if (rest.empty()) return endpoint;
  const auto port = number<std::uint32_t>(rest.substr(1), 65'535);
  if (rest.front() != ':' || !port || *port == 0) return wrong("the port is a number from 1 to 65535");
  endpoint.port = static_cast<std::uint16_t>(*port);
  return endpoint;
}

Result<int> parse_database(std::string_view text) {
  if (text.empty()) return 0;
  const auto database = number<int>(text, kDatabaseMax);
  if (!database) return wrong("the database after the host is a number from 0: redis://host:6379/0");
  return *database;
}

Result<void> apply_option(Url& url, std::string_view name, std::string value) {
  if (name == "database" || name == "db") {
    auto database = parse_database(value);
    if (!database) return fail(database.error());
    url.database = *database;
    return {};
  }
  struct Option {
    std::string_view name;
    std::string& target;
  };
  for (const Option& option : {Option{"tls_ca", url.files.authorities}, Option{"tls_cert", url.files.certificate},
                               Option{"tls_key", url.files.key}, Option{"sentinel_user", url.sentinel_login.user},
                               Option{"sentinel_password", url.sentinel_login.password}}) {
    if (option.name != name) continue;
    option.target = std::move(value);
    return {};
  }
  return wrong(
      "an option after ? is unknown; there are database, tls_ca, tls_cert, tls_key, sentinel_user and "
      "sentinel_password");
}

Result<void> parse_options(Url& url, std::string_view text) {
  while (!text.empty()) {
    const auto [option, rest] = cut(text, '&');
    const auto [name, value] = cut(option, '=');
    auto plain = decoded(value);
    if (!plain) return wrong("options are percent-encoded: a % itself is %25");
    auto applied = apply_option(url, name, std::move(*plain));
    if (!applied) return applied;
    text = rest;
  }
  return {};
}

Result<void> parse_hosts(Url& url, std::string_view text) {
  const std::uint16_t port = url.topology == Topology::kSentinel ? kSentinelPort : kRedisPort;
  while (true) {
    const auto [host, rest] = cut(text, ',');
    auto endpoint = parse_endpoint(host, port);
    if (!endpoint) return fail(endpoint.error());
    url.endpoints.push_back(std::move(*endpoint));
    if (host.size() == text.size()) break;
    if (url.topology == Topology::kSingle) {
      return wrong("redis:// names one host; for several write redis+sentinel:// or redis+cluster://");
    }
    if (url.endpoints.size() == kEndpointsMax) return wrong("there are more hosts than 64");
    text = rest;
  }
  return {};
}

// Reads the text after the hosts' slash: a database, or a master's name and a database.
Result<void> parse_path(Url& url, std::string_view path) {
  std::string_view database = path;
  if (url.topology == Topology::kSentinel) {
    const auto [name, rest] = cut(path, '/');
    auto plain = decoded(name);
    if (!plain || plain->empty()) {
      return wrong(
          "after the Sentinels stands the master's name as they call it: redis+sentinel://host:26379/mymaster");
    }
    url.master_name = std::move(*plain);
    database = rest;
  }
  if (database.empty()) return {};
  auto parsed = parse_database(database);
  if (!parsed) return fail(parsed.error());
  url.database = *parsed;
  return {};
}

Result<void> parse_place(Url& url, const Scheme& scheme, std::string_view text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  std::string_view authority = text.substr(0, slash);
  std::string_view path = text.substr(slash);
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    auto login = parse_login(authority.substr(0, at));
    if (!login) return fail(login.error());
    url.login = std::move(*login);
    authority.remove_prefix(at + 1);
  }
  if (scheme.unix_socket) {
    auto file = decoded(path);
    if (!authority.empty() || !file || file->size() < 2) {
      return wrong("a unix socket's path is absolute: unix:///run/redis/redis.sock");
    }
    url.endpoints.push_back({"", 0, std::move(*file)});
    return {};
  }
  // A password with an unencoded "/" shifts its "@" into the path.
  if (path.contains('@')) return wrong("write a / in the password as %2F, and an @ anywhere as %40");
  auto hosts = parse_hosts(url, authority);
  if (!hosts) return hosts;
  if (!path.empty()) path.remove_prefix(1);
  return parse_path(url, path);
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
  const std::size_t colon = text.find("://");
  const std::string_view name = text.substr(0, std::min(colon, text.size()));
  const auto scheme = std::ranges::find(kSchemes, name, &Scheme::name);
  if (colon == std::string_view::npos || scheme == kSchemes.end()) return wrong(kForms);
  if (text.contains('#')) return wrong("a # has no place here; in a password write it as %23");
  const auto [place, options] = cut(text.substr(colon + 3), '?');
  Url url;
  url.topology = scheme->topology;
  url.tls = scheme->tls;
  auto placed = parse_place(url, *scheme, place);
  if (!placed) return fail(placed.error());
  auto applied = parse_options(url, options);
  if (!applied) return fail(applied.error());
  if (url.topology == Topology::kCluster && url.database != 0) return wrong("a Redis Cluster has only database 0");
  const TlsFiles& files = url.files;
  const bool has_files = !files.authorities.empty() || !files.certificate.empty() || !files.key.empty();
  if (has_files && !url.tls) return wrong("tls_ca, tls_cert and tls_key go with rediss://");
  if (files.certificate.empty() != files.key.empty()) return wrong("tls_cert and tls_key go together");
  return url;
}

std::string url_text(const Url& url) {
  const auto scheme = std::ranges::find_if(kSchemes, [&url](const Scheme& each) {
    return each.topology == url.topology && each.tls == url.tls &&
           each.unix_socket == !url.endpoints.front().socket_path.empty();
  });
  std::string text = std::string(scheme->name) + "://";
  for (const Endpoint& endpoint : url.endpoints) {
    if (&endpoint != &url.endpoints.front()) text += ',';
    text += endpoint_text(endpoint);
  }
  if (url.topology == Topology::kSentinel) text += "/" + url.master_name;
  if (scheme->unix_socket) return text + "?database=" + std::to_string(url.database);
  if (url.topology != Topology::kCluster) text += "/" + std::to_string(url.database);
  return text;
}

}  // namespace tapedeck::redis
