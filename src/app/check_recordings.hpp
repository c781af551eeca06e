#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

#include "app/check_archive.hpp"
#include "calls/businesses.hpp"
#include "calls/ports/recording_store.hpp"
#include "provider/recording_source.hpp"

namespace tapedeck {

/// Rows of one read from the call store.
inline constexpr int kVerifyPage = 200;

/// What was done about a damaged blob.
enum class DamageOutcome {
  kNoted,      ///< it will not be served
  kRefetched,  ///< it will be fetched again, in the automatic lane
  kGone,       ///< the provider no longer has it
  kUnasked     ///< the provider could not be asked; try again later
};

struct Damage {
  Recording recording;
  std::string what;
  DamageOutcome outcome = DamageOutcome::kNoted;
  std::string why;  ///< of kGone and kUnasked
};

struct VerifyReport {
  std::int64_t verified = 0;    ///< blobs that are as they were stored
  std::int64_t damaged = 0;     ///< missing or changed blobs
  std::int64_t refetched = 0;   ///< of the damaged ones
  std::int64_t unreadable = 0;  ///< blobs that the store could not read now
  bool is_whole = true;         ///< false: it was stopped
};

/// Reads all blobs of a business. Every recording is noted as damaged or as good, so a blob that was restored plays
/// again.
class Verification {
 public:
  struct Parts {
    RecordingStore& recordings;
    BlobStore& blobs;
    RecordingSource* source;  ///< null: damaged recordings are noted, not fetched again
    Businesses& businesses;
    Clock& clock;
    ReadPace& pace;
  };
  struct Watch {
    std::function<void(const Damage&)> damaged;
    std::function<void(const Recording&, const Error&)> unreadable;
    /// All recordings up to this name are done.
    std::function<void(const BusinessId&, const std::string& sid)> at;
  };
  Verification(Parts parts, Watch watch) : d_(parts), watch_(std::move(watch)) {}

  /// Goes by name, from the recording after `after_sid` (empty: the first). Adds to `report`. Error: the call store's.
  [[nodiscard]] Task<Result<void>> run(BusinessId business, std::string after_sid, VerifyReport* report,
                                       std::stop_token stop);

 private:
  [[nodiscard]] Task<Result<void>> verify(Recording recording, VerifyReport* report, std::stop_token stop);
  [[nodiscard]] Task<Result<Damage>> repair(Damage damage, std::stop_token stop);

  const Parts d_;
  const Watch watch_;
};

}  // namespace tapedeck
