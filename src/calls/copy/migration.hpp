#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "calls/copy/blob_copy.hpp"
#include "calls/copy/row_copy.hpp"
#include "calls/ports/call_archive.hpp"

namespace tapedeck {

/// Most passes of a run beside servers that write, where each pass finds what changed during the one before.
inline constexpr int kLivePassesMax = 3;
/// Most passes of a final run. The second finds nothing to do, unless rows have to go before others can come.
inline constexpr int kFinalPassesMax = 10;

/// What is copied to where. Either target may be missing.
struct MigrationRoute {
  CallArchive& rows;
  CallArchive* copy = nullptr;
  BlobStore* blobs = nullptr;  ///< set together with blobs_copy
  BlobStore* blobs_copy = nullptr;
};

struct MigrationOptions {
  /// Nobody writes to the source any more: what is missing is an error, and a copy that agrees is finished.
  bool is_final = false;
  /// With is_final: recordings whose bytes are missing or damaged in the source do not stop it.
  bool leaves_damaged = false;
  std::int64_t new_store_id = 0;  ///< random and positive, for a source that has none yet
};

struct MigrationOutcome {
  int passes = 0;
  std::int64_t rows_copied = 0;  ///< over all passes
  std::int64_t rows_removed = 0;
  std::int64_t blobs_copied = 0;
  // Of the last pass.
  std::vector<TableOutcome> tables;
  std::optional<BlobOutcome> blobs;
  bool agrees = false;    ///< in the last pass nothing differed
  bool finished = false;  ///< servers may use the copy
};

/// Called before each pass, with its number from 1.
using PassWatcher = std::function<void(int pass)>;

/// Copies by passes until one finds that nothing differs, or there were as many as there may be. Each pass compares all
/// rows with their copies (copy_table()), and looks for every blob (copy_blobs()); so it may be killed at any point and
/// run again, the source may serve and write meanwhile, and a pass that changes nothing is the proof.
///
/// From its first row to its end the copy has a label, so that no server uses it. Only a target with that label may
/// hold rows already. Errors: kConflict when the target holds something else, or when with is_final something still
/// differs; those of the stores.
[[nodiscard]] Task<Result<MigrationOutcome>> migrate(MigrationRoute route, MigrationOptions options,
                                                     const CopyWatcher& watcher, const PassWatcher& pass_watcher);

}  // namespace tapedeck
