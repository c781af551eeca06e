#pragma once

#include <string>
#include <string_view>

#include "domain/ids.hpp"

namespace tapedeck {

/// The lease of the process that does the upkeep. While it is held, a worker runs.
inline constexpr const char* kUpkeepLease = "upkeep";
/// Marks of the tasks; the command `tapedeck reconcile` resets them.
inline constexpr const char* kStoredRowsMark = "stored-rows";
inline constexpr const char* kBlobsMark = "blobs";
/// Its cursor changes to make the upkeep read the marks now.
inline constexpr const char* kWantedMark = "wanted";
/// Its cursor is the time from which on the account's recordings are listed (RFC 3339).
[[nodiscard]] inline std::string listing_mark(const AccountSid& account) { return "listing:" + account.str(); }

}  // namespace tapedeck
