#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

// What `tapedeck migrate`, `backup` and `restore` carry from one call store to another.
//
// A NEW COLUMN is one line here: its name and kind, in the list of its table. A NEW TABLE is a list of columns, a value
// of ArchiveTable, a line of kArchiveTables and one of archive_shape(); or, where it is not worth carrying, a line of
// kArchiveLeftOut that says why. The contract of calls/ports/call_archive.hpp compares all this with what the
// migrations of each database have made, and fails while something is missing.

namespace tapedeck {

enum class ArchiveKind { kInteger, kBoolean, kText };

struct ArchiveColumn {
  std::string_view name;  ///< the same in every database
  ArchiveKind kind = ArchiveKind::kText;
};

enum class ArchiveTable { kBusinesses, kCalls, kImports, kRecordings, kApiKeys, kAudit };

/// In an order in which rows may be inserted: what others refer to comes first.
inline constexpr std::array kArchiveTables{ArchiveTable::kBusinesses, ArchiveTable::kCalls,   ArchiveTable::kImports,
                                           ArchiveTable::kRecordings, ArchiveTable::kApiKeys, ArchiveTable::kAudit};

struct ArchiveShape {
  std::string_view name;
  /// The first is the primary key, a number or a text. It goes along, so that cursors, audit entries (`key:7`) and the
  /// order of lists mean the same afterwards.
  std::span<const ArchiveColumn> columns;
};

/// The columns of each table.
namespace archive_columns {

using enum ArchiveKind;

/// Credentials go along sealed as they are, so both stores need the same SECRET_KEY. The epoch goes along, too: a slot
/// store that has seen it accepts only later ones.
inline constexpr std::array kBusinessColumns{
    ArchiveColumn{"id", kText},
    ArchiveColumn{"account_sid", kText},
    ArchiveColumn{"sealed_auth_token", kText},
    ArchiveColumn{"download_limit", kInteger},
    ArchiveColumn{"format", kText},
    ArchiveColumn{"format_is_default", kBoolean},
    ArchiveColumn{"paused", kBoolean},
    ArchiveColumn{"slot_epoch", kInteger},
    ArchiveColumn{"retention_days", kInteger},
    ArchiveColumn{"rescheduled_to", kText},
    ArchiveColumn{"delete_at_provider", kBoolean},
};

inline constexpr std::array kCallColumns{
    ArchiveColumn{"id", kInteger},         ArchiveColumn{"business_id", kText},
    ArchiveColumn{"call_sid", kText},      ArchiveColumn{"from_party", kText},
    ArchiveColumn{"to_party", kText},      ArchiveColumn{"direction", kText},
    ArchiveColumn{"started_at", kInteger}, ArchiveColumn{"duration_seconds", kInteger},
    ArchiveColumn{"search_text", kText},
};

/// An import goes on where it was.
inline constexpr std::array kImportColumns{
    ArchiveColumn{"id", kInteger},
    ArchiveColumn{"business_id", kText},
    ArchiveColumn{"account_sid", kText},
    ArchiveColumn{"since", kInteger},
    ArchiveColumn{"until", kInteger},
    ArchiveColumn{"started_at", kInteger},
    ArchiveColumn{"touched_at", kInteger},
    ArchiveColumn{"next_page", kText},
    ArchiveColumn{"is_listed", kBoolean},
    ArchiveColumn{"listed", kInteger},
    ArchiveColumn{"stored_before", kInteger},
    ArchiveColumn{"waiting_before", kInteger},
    ArchiveColumn{"failed_before", kInteger},
    ArchiveColumn{"gone", kInteger},
    ArchiveColumn{"not_completed", kInteger},
    ArchiveColumn{"not_ours", kInteger},
    ArchiveColumn{"unreadable", kInteger},
};

/// With what waits: wanted_order is its place, fence and open_attempts say what workers have begun.
inline constexpr std::array kRecordingColumns{
    ArchiveColumn{"id", kInteger},
    ArchiveColumn{"business_id", kText},
    ArchiveColumn{"call_sid", kText},
    ArchiveColumn{"provider", kText},
    ArchiveColumn{"account_sid", kText},
    ArchiveColumn{"recording_sid", kText},
    ArchiveColumn{"sid", kText},
    ArchiveColumn{"state", kText},
    ArchiveColumn{"lane", kText},
    ArchiveColumn{"wanted_order", kInteger},
    ArchiveColumn{"wanted_at", kInteger},
    ArchiveColumn{"fence", kInteger},
    ArchiveColumn{"attempts", kInteger},
    ArchiveColumn{"open_attempts", kInteger},
    ArchiveColumn{"retry_at", kInteger},
    ArchiveColumn{"cause_code", kText},
    ArchiveColumn{"cause_detail", kText},
    ArchiveColumn{"duration_seconds", kInteger},
    ArchiveColumn{"channels", kInteger},
    ArchiveColumn{"recorded_at", kInteger},
    ArchiveColumn{"announced_at", kInteger},
    ArchiveColumn{"blob_key", kText},
    ArchiveColumn{"size_bytes", kInteger},
    ArchiveColumn{"content_type", kText},
    ArchiveColumn{"sha256", kText},
    ArchiveColumn{"stored_at", kInteger},
    ArchiveColumn{"import_id", kInteger},
    ArchiveColumn{"measure_at", kInteger},
    ArchiveColumn{"measure_tries", kInteger},
    ArchiveColumn{"measured_ms", kInteger},
    ArchiveColumn{"measured_channels", kInteger},
    ArchiveColumn{"measured_rate", kInteger},
    ArchiveColumn{"measured_codec", kText},
    ArchiveColumn{"measure_cause_code", kText},
    ArchiveColumn{"measure_cause_detail", kText},
    ArchiveColumn{"delete_at", kInteger},
    ArchiveColumn{"hold_reason", kText},
    ArchiveColumn{"held_since", kInteger},
    ArchiveColumn{"damage", kText},
    ArchiveColumn{"source_due_at", kInteger},
    ArchiveColumn{"source_gone", kBoolean},
};

inline constexpr std::array kApiKeyColumns{
    ArchiveColumn{"id", kInteger}, ArchiveColumn{"business_id", kText},   ArchiveColumn{"name", kText},
    ArchiveColumn{"hash", kText},  ArchiveColumn{"created_at", kInteger}, ArchiveColumn{"revoked_at", kInteger},
};

inline constexpr std::array kAuditColumns{
    ArchiveColumn{"id", kInteger},  ArchiveColumn{"at", kInteger},  ArchiveColumn{"business_id", kText},
    ArchiveColumn{"actor", kText},  ArchiveColumn{"action", kText}, ArchiveColumn{"sid", kText},
    ArchiveColumn{"detail", kText},
};

}  // namespace archive_columns

/// Tables that stay behind.
inline constexpr std::array<std::string_view, 7> kArchiveLeftOut{
    "meta",             // counters and labels of the store itself
    "leases",           // of processes, for seconds
    "marks",            // how far the upkeep is: it begins anew, and looks at everything
    "logins",           // links that are good once, for minutes
    "sessions",         // for hours: people sign in again
    "change_marks",     // of PostgreSQL's connections
    "sqlite_sequence",  // SQLite's own; it follows the ids of api_keys and sessions
};

[[nodiscard]] constexpr ArchiveShape archive_shape(ArchiveTable table) noexcept {
  switch (table) {
    case ArchiveTable::kBusinesses: return {"businesses", archive_columns::kBusinessColumns};
    case ArchiveTable::kCalls: return {"calls", archive_columns::kCallColumns};
    case ArchiveTable::kImports: return {"imports", archive_columns::kImportColumns};
    case ArchiveTable::kRecordings: return {"recordings", archive_columns::kRecordingColumns};
    case ArchiveTable::kApiKeys: return {"api_keys", archive_columns::kApiKeyColumns};
    case ArchiveTable::kAudit: return {"audit", archive_columns::kAuditColumns};
  }
  return {};
}

/// The place of a column in its table's rows; a name that is not there does not compile.
[[nodiscard]] consteval std::size_t archive_column(ArchiveTable table, std::string_view name) {
  const auto columns = archive_shape(table).columns;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == name) return i;
  }
  throw "no such column";
}

}  // namespace tapedeck
