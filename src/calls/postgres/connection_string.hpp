#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace tapedeck::postgres {

/// Where the database is: a URL as libpq takes it (PostgreSQL, section 34.1.1.2), checked so that a password which was
/// not encoded cannot turn into a host or a port, and from there into an error message.
class ConnectionString {
 public:
  /// `url`: postgresql://user:password@host:port/database?parameter=value. Error kInvalidArgument, whose detail says
  /// what is expected and holds no part of the password.
  [[nodiscard]] static Result<ConnectionString> parse(std::string_view url);

  /// For libpq. Secret.
  [[nodiscard]] const std::string& url() const noexcept { return url_; }
  /// "host:port/database", as it may be shown; the first host of several.
  [[nodiscard]] const std::string& shown() const noexcept { return shown_; }
  /// The whole URL without its passwords, made of its parts, for people:
  /// "postgresql://user@host/calls?sslmode=require".
  [[nodiscard]] const std::string& whole() const noexcept { return whole_; }
  /// The text with every password replaced by ***.
  [[nodiscard]] std::string scrub(std::string text) const;

 private:
  ConnectionString() = default;

  std::string url_;
  std::string shown_;
  std::string whole_;
  std::vector<std::string> secrets_;  // as written and as decoded; the longest first
};

}  // namespace tapedeck::postgres
