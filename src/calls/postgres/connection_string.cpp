#include "calls/postgres/connection_string.hpp"

#include <algorithm>
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
  char* reason = nullptr;
  const std::unique_ptr<PQconninfoOption, FreeOptions> options(::PQconninfoParse(parsed.url_.c_str(), &reason));
  const std::string why = reason != nullptr ? reason : "";
  ::PQfreemem(reason);
  if (options == nullptr) {
    // A wrong parameter is named. A password that does not decode is named too, and masked.
    return fail(Errc::kInvalidArgument, fmt::format("{}: {}", kExpected, parsed.scrub(why)));
  }
  std::string host;
  std::string port;
  std::string database;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr || *option->val == '\0') continue;
    const std::string_view keyword = option->keyword;
    if (keyword == "password" || keyword == "sslpassword") parsed.secrets_.emplace_back(option->val);
    if (keyword == "host") host = option->val;
    if (keyword == "port") port = std::string(":") + option->val;
    if (keyword == "dbname") database = option->val;
  }
  parsed.shown_ = fmt::format("{}{}/{}", host.substr(0, host.find(',')), port.substr(0, port.find(',')), database);
  std::ranges::sort(parsed.secrets_, std::ranges::greater(), &std::string::size);
  return parsed;
}

std::string ConnectionString::scrub(std::string text) const {
  for (const std::string& secret : secrets_) replace_all(text, secret);
  return text;
}

}  // namespace tapedeck::postgres
