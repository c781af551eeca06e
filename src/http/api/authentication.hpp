#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "app/access.hpp"
#include "base/form.hpp"
#include "calls/businesses.hpp"
#include "http/api/problem.hpp"

namespace tapedeck::http {

inline constexpr std::string_view kSessionCookie = "tapedeck_session";
inline constexpr std::string_view kBusinessHeader = "X-Business-Id";
inline constexpr std::string_view kBusinessParameter = "business_id";
inline constexpr std::string_view kCsrfHeader = "X-CSRF-Token";

/// The API key of an `Authorization: Bearer` header; empty for any other.
[[nodiscard]] std::string_view bearer_key(const Request& request);
/// The value of the session cookie; empty where there is none.
[[nodiscard]] std::string_view session_cookie(const Request& request);

/// A signed link's parameters, once they have their right shape.
struct LinkParameters {
  BusinessId business;
  std::int64_t expires = 0;
  std::string_view signature;  ///< lives as long as the query
};
/// True when the query carries a signature: then it is a link, and nothing else is looked for but a key.
[[nodiscard]] bool is_link(const Form& query);
[[nodiscard]] std::expected<LinkParameters, Problem> link_parameters(const Form& query);

/// Tells who calls, and for which business.
class Authentication {
 public:
  Authentication(Access& access, Businesses& businesses) : access_(access), businesses_(businesses) {}

  /// By the key in Authorization, or else by the session cookie. A session that changes something must show its CSRF
  /// token. The request outlives the task.
  [[nodiscard]] Task<std::expected<Caller, Problem>> caller(const Request& request);
  /// The caller's own business, or the one that an operator names by X-Business-Id or ?business_id=. A business's key
  /// that names another is refused in the same way whether or not that one exists.
  [[nodiscard]] Task<std::expected<BusinessId, Problem>> business(const Caller& caller, const Request& request,
                                                                  const Form& query);
  /// The holder of a signed link to that recording.
  [[nodiscard]] std::expected<Caller, Problem> link_holder(const Form& query, const Sid& sid) const;

 private:
  Access& access_;
  Businesses& businesses_;
};

}  // namespace tapedeck::http
