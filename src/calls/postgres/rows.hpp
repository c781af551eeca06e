#pragma once

#include <optional>

#include <fmt/format.h>

#include "calls/postgres/database.hpp"
#include "domain/recording.hpp"

/// The columns that read_recording() reads, in its order, after the columns of others.
#define TAPEDECK_RECORDING_COLUMNS                                                                           \
  "id, business_id, call_sid, recording_sid, account_sid, sid, state, lane, wanted_order, fence, attempts, " \
  "retry_at, cause_code, cause_detail, duration_seconds, channels, recorded_at, announced_at, blob_key, "    \
  "size_bytes, content_type, sha256, stored_at, measured_ms, measured_channels, measured_rate, "             \
  "measured_codec, measure_cause_code, measure_cause_detail, delete_at, "                                    \
  "hold_reason, held_since, damage, source_due_at, source_gone"

namespace tapedeck::postgres {

/// How many those are.
inline constexpr int kRecordingColumns = 35;

/// The Recording of `row`, whose columns are TAPEDECK_RECORDING_COLUMNS from `first` on. Throws StorageFailure
/// (kCorrupt) when a column holds what Tapedeck never writes.
[[nodiscard]] Recording read_recording(const Row& row, int first = 0);
/// The first row, if there is one.
[[nodiscard]] std::optional<Recording> read_one_recording(const ResultRows& rows);

/// A column that holds an id, or an empty text or NULL for none.
template <class SomeId>
[[nodiscard]] SomeId read_id(const Row& row, int column) {
  const std::string text = row.text(column);
  if (text.empty()) return SomeId();
  const auto id = SomeId::parse(text);
  if (!id) {
    throw StorageFailure(Remedy::kNone, Error(Errc::kCorrupt, fmt::format("a damaged row: {}", id.error().detail)));
  }
  return *id;
}

/// A column that holds one of the names of an enumeration.
template <class Parse>
[[nodiscard]] auto read_name(const Row& row, int column, Parse parse) {
  const auto value = parse(row.text(column));
  if (!value) throw StorageFailure(Remedy::kNone, Error(Errc::kCorrupt, "a damaged row: an unknown name in it"));
  return *value;
}

[[nodiscard]] inline std::optional<SystemTime> read_time(const Row& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return row.time(column);
}
[[nodiscard]] inline std::optional<int> read_int(const Row& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return static_cast<int>(row.integer(column));
}

[[nodiscard]] inline bool business_exists(Database& database, const BusinessId& id) {
  return !database.query("SELECT 1 FROM businesses WHERE id = $1", id).empty();
}
[[nodiscard]] inline std::unexpected<Error> no_business(const BusinessId& id) {
  return fail(Errc::kNotFound, fmt::format("no business {}", id.view()));
}
[[nodiscard]] inline std::unexpected<Error> no_recording(const Sid& sid) {
  return fail(Errc::kNotFound, fmt::format("no recording {}", sid.view()));
}
[[nodiscard]] inline std::unexpected<Error> no_row(std::int64_t row_id) {
  return fail(Errc::kNotFound, fmt::format("no recording with row id {}", row_id));
}

}  // namespace tapedeck::postgres
