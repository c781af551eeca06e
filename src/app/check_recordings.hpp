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

/// Rows that are read from the call store at once.
inline constexpr int kVerifyPage = 200;

/// What became of a blob that is not what was stored.
enum class DamageOutcome {
  kNoted,      ///< it will not be served
  kRefetched,  ///< it will be fetched again, in the automatic lane
  kGone,       ///< the provider has it no more
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
  std::int64_t damaged = 0;     ///< missing or wrong
  std::int64_t refetched = 0;   ///< of them
  std::int64_t unreadable = 0;  ///< the blob store could not be asked
  bool is_whole = true;         ///< false: stopped
};

/// Reads the blobs of a business back. Every recording is noted as damaged or as good, so that a blob that somebody has
/// restored plays again.
class Verification {
 public:
  struct Parts {
    RecordingStore& recordings;
    BlobStore& blobs;
    RecordingSource* source;  ///< null: what is damaged is noted, and not fetched again
    Businesses& businesses;
    Clock& clock;
    ReadPace& pace;
  };
  struct Watch {
    std::function<void(const Damage&)> damaged;
    std::function<void(const Recording&, const Error&)> unreadable;
    /// All up to the recording with this name have been looked at.
    std::function<void(const BusinessId&, const std::string& sid)> at;
  };
  Verification(Parts parts, Watch watch) : d_(parts), watch_(std::move(watch)) {}

  /// From the recording after `after_sid` on (empty: the first), by name. Adds to `report`. Error: the call store's.
  [[nodiscard]] Task<Result<void>> run(BusinessId business, std::string after_sid, VerifyReport* report,
                                       std::stop_token stop);

 private:
  [[nodiscard]] Task<Result<void>> verify(Recording recording, VerifyReport* report, std::stop_token stop);
  [[nodiscard]] Task<Result<Damage>> repair(Damage damage, std::stop_token stop);

  const Parts d_;
  const Watch watch_;
};

}  // namespace tapedeck
