#pragma once

#include <optional>

#include "calls/sql/rows.hpp"

// The business of a key, a login link or a session.

namespace tapedeck::sql {

/// An operator's rows have no business: NULL, so that the reference holds.
[[nodiscard]] inline std::optional<BusinessId> reference(const BusinessId& business) {
  if (business.empty()) return std::nullopt;
  return business;
}

[[nodiscard]] inline bool is_unknown(Session& session, const BusinessId& business) {
  return !business.empty() && !business_exists(session, business);
}

}  // namespace tapedeck::sql
