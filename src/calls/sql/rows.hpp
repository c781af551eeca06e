#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "calls/sql/session.hpp"
#include "domain/recording.hpp"

/// The columns that read_recording() reads, in its order, after the columns of others.
#define TAPEDECK_RECORDING_COLUMNS                                                                           \
  "id, business_id, call_sid, recording_sid, account_sid, sid, state, lane, wanted_order, fence, attempts, " \
  "retry_at, cause_code, cause_detail, duration_seconds, channels, recorded_at, announced_at, blob_key, "    \
  "size_bytes, content_type, sha256, stored_at, measured_ms, measured_channels, measured_rate, "             \
  "measured_codec, measure_cause_code, measure_cause_detail, delete_at, "                                    \
  "hold_reason, held_since, damage, source_due_at, source_gone"

namespace tapedeck::sql {

/// How many those are.
inline constexpr int kRecordingColumns = 35;

/// The Recording of a row, whose columns are TAPEDECK_RECORDING_COLUMNS from `first` on. Throws StorageFailure
/// (kCorrupt) when a column holds what Tapedeck never writes.
[[nodiscard]] Recording read_recording(const Rows& row, int first = 0);
[[nodiscard]] std::vector<Recording> read_recordings(Rows rows);
[[nodiscard]] std::optional<Recording> read_first_recording(Rows rows);
[[nodiscard]] std::optional<Recording> read_recording_by_id(Session& session, std::int64_t row_id);

/// Runs an UPDATE of recordings whose ?1 is `row_id`, and which ends with {returning}; reads the row that it left, or
/// none if it did not apply.
template <class... Values>
[[nodiscard]] std::optional<Recording> change_recording(Session& session, Sql update, std::int64_t row_id,
                                                        const Values&... values) {
  if (session.dialect().returns_changes) return read_first_recording(session.query(update, row_id, values...));
  if (session.run(update, row_id, values...) == 0) return std::nullopt;
  return read_recording_by_id(session, row_id);
}

[[noreturn]] inline void throw_damaged(std::string_view what) {
  throw StorageFailure(Error(Errc::kCorrupt, fmt::format("a damaged row: {}", what)));
}

/// A column that holds an id, or an empty text or NULL for none.
template <class SomeId>
[[nodiscard]] SomeId read_id(const Rows& row, int column) {
  const std::string_view text = row.view(column);
  if (text.empty()) return SomeId();
  auto id = SomeId::parse(text);
  if (!id) throw_damaged(id.error().detail);
  return std::move(*id);
}

/// A column that holds one of the names of an enumeration.
template <class Parse>
[[nodiscard]] auto read_name(const Rows& row, int column, Parse parse) {
  const auto value = parse(row.view(column));
  if (!value) throw_damaged("an unknown name in it");
  return *value;
}

[[nodiscard]] inline std::optional<SystemTime> read_time(const Rows& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return row.time(column);
}
[[nodiscard]] inline std::optional<int> read_int(const Rows& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return static_cast<int>(row.integer(column));
}
template <class SomeId>
[[nodiscard]] std::vector<SomeId> read_ids(Rows rows) {
  std::vector<SomeId> found;
  while (rows.next()) found.push_back(read_id<SomeId>(rows, 0));
  return found;
}

[[nodiscard]] inline bool business_exists(Session& session, const BusinessId& id) {
  return session.query("SELECT 1 FROM businesses WHERE id = ?1", id).next();
}
[[nodiscard]] inline bool recording_exists(Session& session, std::int64_t row_id) {
  return session.query("SELECT 1 FROM recordings WHERE id = ?1", row_id).next();
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

}  // namespace tapedeck::sql
