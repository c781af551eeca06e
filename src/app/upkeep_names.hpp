#pragma once

#include <string>
#include <string_view>

#include "domain/ids.hpp"

namespace tapedeck {

/// The lease of the process that does the upkeep. As long as somebody has it, a worker runs.
inline constexpr const char* kUpkeepLease = "upkeep";
/// Marks of the tasks; the command `tapedeck reconcile` sets them back.
inline constexpr const char* kStoredRowsMark = "stored-rows";
inline constexpr const char* kBlobsMark = "blobs";
/// Its cursor changes when somebody wants the upkeep to look at the marks now.
inline constexpr const char* kWantedMark = "wanted";
/// Its cursor is since when the account's recordings are looked for (RFC 3339).
[[nodiscard]] inline std::string listing_mark(const AccountSid& account) { return "listing:" + account.str(); }

}  // namespace tapedeck
