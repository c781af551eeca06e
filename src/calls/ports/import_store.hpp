#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "domain/import.hpp"
#include "runtime/task.hpp"

namespace tapedeck {

/// Imports, and what they must know. Errors: see CallStore.
class ImportStore {
 public:
  virtual ~ImportStore() = default;

  /// What is known about these recordings of an account, in any business; a recording without an account counts as this
  /// account's. One answer for each.
  [[nodiscard]] virtual Task<Result<std::vector<std::optional<KnownRecording>>>> known_recordings(
      AccountSid account, std::vector<RecordingSid> recordings) = 0;
  /// The latest import of this scope; if there is none, or with `anew`, one that begins now. Error kNotFound: no such
  /// business.
  [[nodiscard]] virtual Task<Result<Import>> open_import(BusinessId business, ImportScope scope, bool anew,
                                                         SystemTime now) = 0;
  /// Saves touched_at, next_page, is_listed and the counts. Error kNotFound.
  [[nodiscard]] virtual Task<Result<void>> save_import(Import import) = 0;
  /// O(recordings of the import), and cheap for each.
  [[nodiscard]] virtual Task<Result<std::vector<ImportTally>>> import_tally(std::int64_t import) = 0;
  /// Businesses with an import that was saved since then; by id.
  [[nodiscard]] virtual Task<Result<std::vector<BusinessId>>> importing_since(SystemTime since) = 0;
};

}  // namespace tapedeck
