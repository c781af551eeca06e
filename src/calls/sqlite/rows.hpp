#pragma once

#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "calls/sqlite/database.hpp"
#include "domain/recording.hpp"

/// The columns that read_recording() reads, in its order.
#define TAPEDECK_RECORDING_COLUMNS                                                                           \
  "id, business_id, call_sid, recording_sid, account_sid, sid, state, lane, wanted_order, fence, attempts, " \
  "retry_at, cause_code, cause_detail, duration_seconds, channels, recorded_at, announced_at, blob_key, "    \
  "size_bytes, content_type, sha256, stored_at, measured_ms, measured_channels, measured_rate, "             \
  "measured_codec, measure_cause_code, measure_cause_detail, delete_at, "                                    \
  "hold_reason, held_since, damage, source_due_at, source_gone"

namespace tapedeck::sqlite {

/// How many those are.
inline constexpr int kRecordingColumns = 35;

/// The Recording of the row that `row` stands on; its columns are TAPEDECK_RECORDING_COLUMNS. Throws StorageFailure
/// (kCorrupt) when a column holds what Tapedeck never writes.
[[nodiscard]] Recording read_recording(const Statement& row);
[[nodiscard]] std::optional<Recording> read_recording_by_id(Database& database, std::int64_t row_id);
/// The only row of a statement, run to its end; or none.
[[nodiscard]] std::optional<Recording> read_one_recording(Statement statement);

/// Runs an UPDATE whose ?1 is `row_id` and whose further parameters are `values`, and reads the row that it left; none
/// where it did not apply. In place of RETURNING, for which SQLite builds a table each time: that cost twice the
/// change.
template <class... Values>
[[nodiscard]] std::optional<Recording> change_recording(Database& database, Sql update, std::int64_t row_id,
                                                        const Values&... values) {
  database.run(update, row_id, values...);
  if (database.changes() == 0) return std::nullopt;
  return read_recording_by_id(database, row_id);
}

/// A column that holds an id, or an empty text for none.
template <class SomeId>
[[nodiscard]] SomeId read_id(const Statement& row, int column) {
  const std::string text = row.text(column);
  if (text.empty()) return SomeId();
  const auto id = SomeId::parse(text);
  if (!id) throw StorageFailure(Error(Errc::kCorrupt, fmt::format("a damaged row: {}", id.error().detail)));
  return *id;
}

/// A column that holds one of the names of an enumeration.
template <class Parse>
[[nodiscard]] auto read_name(const Statement& row, int column, Parse parse) {
  const auto value = parse(row.text(column));
  if (!value) throw StorageFailure(Error(Errc::kCorrupt, "a damaged row: an unknown name in it"));
  return *value;
}

[[nodiscard]] inline std::optional<SystemTime> read_time(const Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return row.time(column);
}
[[nodiscard]] inline std::optional<int> read_int(const Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return static_cast<int>(row.integer(column));
}

[[nodiscard]] inline bool business_exists(Database& database, const BusinessId& id) {
  return database.query("SELECT 1 FROM businesses WHERE id = ?1", id).step();
}
[[nodiscard]] inline std::unexpected<Error> no_business(const BusinessId& id) {
  return fail(Errc::kNotFound, fmt::format("no business {}", id.view()));
}
[[nodiscard]] inline std::unexpected<Error> no_recording(const Sid& sid) {
  return fail(Errc::kNotFound, fmt::format("no recording {}", sid.view()));
}

}  // namespace tapedeck::sqlite
