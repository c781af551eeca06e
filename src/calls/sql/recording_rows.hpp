#pragma once

#include <optional>

#include "calls/ports/recording_store.hpp"
#include "calls/sql/rows.hpp"

/// When the retention of the business of a row of recordings ends for it, if it has one: so many days after the
/// recording was made, or stored if that is not known. STORED_AT: an expression.
#define TAPEDECK_DELETE_AT(STORED_AT)                                \
  "(SELECT {least}(coalesce(recorded_at, " STORED_AT "), " STORED_AT \
  ") + retention_days * 86400000 FROM businesses"                    \
  " WHERE businesses.id = recordings.business_id AND retention_days > 0)"

namespace tapedeck::sql {

/// The recording, so that nobody else changes it before the transaction ends.
[[nodiscard]] std::optional<Recording> lock_recording(Session& session, const BusinessId& business, const Sid& sid);

/// Makes the recording deleted, and forgets its content but its blob's name. None: it is deleted already, or held.
[[nodiscard]] std::optional<Recording> remove_row(Session& session, std::int64_t row_id);

/// The answer of a change: the row as the UPDATE left it, or as it was if the UPDATE did not apply.
[[nodiscard]] inline RecordingChange change_of(std::optional<Recording> updated, Recording&& before) {
  if (updated) return {std::move(*updated), true};
  return {std::move(before), false};
}

}  // namespace tapedeck::sql
