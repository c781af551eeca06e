#pragma once

#include <expected>
#include <string_view>

#include "app/access.hpp"
#include "base/form.hpp"
#include "http/api/problem.hpp"
#include "http/api/route.hpp"

namespace tapedeck::http {

/// The session's cookie. Over HTTPS its name makes the browser insist that this host alone has set it.
inline constexpr std::string_view kSessionCookie = "tapedeck_session";
inline constexpr std::string_view kSecureSessionCookie = "__Host-tapedeck_session";
[[nodiscard]] std::string_view session_cookie_name(const ApplicationSettings& settings) noexcept;
inline constexpr std::string_view kBusinessHeader = "X-Business-Id";
inline constexpr std::string_view kBusinessParameter = "business_id";
inline constexpr std::string_view kCsrfHeader = "X-CSRF-Token";

/// The API key of an `Authorization: Bearer` header; empty for any other.
[[nodiscard]] std::string_view bearer_key(const Request& request);
/// The value of the session cookie; empty if there is none.
[[nodiscard]] std::string_view session_cookie(const Request& request, const ApplicationSettings& settings);

/// True if the query carries a signature. Without an Authorization header, the request is then judged as a link.
[[nodiscard]] bool is_link(const Form& query);
/// The holder of a signed link to that recording.
[[nodiscard]] std::expected<Caller, Problem> link_holder(const Access& access, const Form& query, const Sid& sid);

/// Finds out who calls, and for which business, as far as the route needs it, and writes both into the exchange. It
/// outlives the task. `parameter`: of the path, which a link is signed for.
///
/// A caller shows a key in Authorization, or else a session cookie; a session that changes something also shows its
/// CSRF token. An operator names the business by X-Business-Id or ?business_id=. A business's key that names another
/// business gets the same refusal whether or not that one exists.
[[nodiscard]] Task<std::expected<void, Problem>> identify(Exchange& exchange, Needs needs,
                                                          const std::expected<PathParameter, Problem>& parameter);

}  // namespace tapedeck::http
