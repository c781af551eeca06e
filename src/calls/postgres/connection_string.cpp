#include "calls/postgres/connection_string.hpp"

#include <algorithm>
#include <iterator>
#include <memory>

#include <fmt/format.h>
#include <libpq-fe.h>

namespace tapedeck::postgres {
namespace {

constexpr std::string_view kExpected =
    "expected DATABASE_URL as postgresql://user:password@host:port/database, with @ : / ? # % and spaces in the user's "
    "name or password percent-encoded (@ is %40)";

struct FreeOptions {
  void operator()(PQconninfoOption* options) const noexcept { ::PQconninfoFree(options); }
};

// The part after the scheme; empty for another scheme.
std::string_view without_scheme(std::string_view url) {
  for (const std::string_view scheme : {"postgresql://", "postgres://"}) {
    if (url.starts_with(scheme)) return url.substr(scheme.size());
  }
  return {};
}

bool is_encoded(std::string_view text) { return text.find_first_of("@:/?# ") == std::string_view::npos; }

void replace_all(std::string& text, std::string_view what) {
  constexpr std::string_view kMask = "***";
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + kMask.size())) {
    text.replace(at, what.size(), kMask);
  }
}

bool is_secret(std::string_view keyword) { return keyword == "password" || keyword == "sslpassword"; }

// The values of the parameters that may be passwords, as they are written: libpq quotes one that it cannot decode.
std::vector<std::string> written_secrets(std::string_view url) {
  std::vector<std::string> secrets;
  std::string_view rest = url.substr(std::min(url.find('?'), url.size()));
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view parameter = rest.substr(0, rest.find('&'));
    rest.remove_prefix(parameter.size());
    const std::size_t equals = std::min(parameter.find('='), parameter.size());
    const std::string_view name = parameter.substr(0, equals);
    const std::string_view value = parameter.substr(std::min(equals + 1, parameter.size()));
    if (!value.empty() && (is_secret(name) || name.contains('%'))) secrets.emplace_back(value);
  }
  return secrets;
}

// What is not in front of the "?", and no secret.
std::string other_parameters(const PQconninfoOption* options) {
  std::string text;
  for (; options->keyword != nullptr; ++options) {
    const std::string_view keyword = options->keyword;
    if (options->val == nullptr || *options->val == '\0' || is_secret(keyword)) continue;
    if (keyword == "user" || keyword == "host" || keyword == "port" || keyword == "dbname") continue;
    text += fmt::format("{}{}={}", text.empty() ? '?' : '&', keyword, options->val);
  }
  return text;
}

}  // namespace

Result<ConnectionString> ConnectionString::parse(std::string_view url) {
  const std::string_view rest = without_scheme(url);
  if (rest.data() == nullptr) return fail(Errc::kInvalidArgument, std::string(kExpected));
  ConnectionString parsed;
  parsed.url_ = url;
  // Up to the last @, wherever it is: an earlier one belongs to a password that was not encoded.
  const std::size_t at = rest.rfind('@');
  if (at != std::string_view::npos) {
    const std::string_view who = rest.substr(0, at);
    const std::size_t colon = who.find(':');
    const std::string_view password = colon == std::string_view::npos ? "" : who.substr(colon + 1);
    if (!is_encoded(who.substr(0, colon)) || !is_encoded(password)) {
      return fail(Errc::kInvalidArgument, std::string(kExpected));
    }
    if (!password.empty()) parsed.secrets_.emplace_back(password);
  }
  std::ranges::move(written_secrets(rest), std::back_inserter(parsed.secrets_));
  char* reason = nullptr;
  const std::unique_ptr<PQconninfoOption, FreeOptions> options(::PQconninfoParse(parsed.url_.c_str(), &reason));
  const std::string why = reason != nullptr ? reason : "";
  ::PQfreemem(reason);
  if (options == nullptr) {
    // A wrong parameter is named. A password that does not decode is named too, and masked.
    return fail(Errc::kInvalidArgument, fmt::format("{}: {}", kExpected, parsed.scrub(why)));
  }
  std::string user;
  std::string host;
  std::string port;
  std::string database;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr || *option->val == '\0') continue;
    const std::string_view keyword = option->keyword;
    if (is_secret(keyword)) parsed.secrets_.emplace_back(option->val);
    if (keyword == "user") user = std::string(option->val) + "@";
    if (keyword == "host") host = option->val;
    if (keyword == "port") port = std::string(":") + option->val;
    if (keyword == "dbname") database = option->val;
  }
  parsed.shown_ = fmt::format("{}{}/{}", host.substr(0, host.find(',')), port.substr(0, port.find(',')), database);
  parsed.whole_ = fmt::format("postgresql://{}{}{}/{}{}", user, host, port, database, other_parameters(options.get()));
  std::ranges::sort(parsed.secrets_, std::ranges::greater(), &std::string::size);
  return parsed;
}

std::string ConnectionString::scrub(std::string text) const {
  for (const std::string& secret : secrets_) replace_all(text, secret);
  return text;
}

}  // namespace tapedeck::postgres
