#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "calls/businesses.hpp"
#include "calls/ports/call_list_store.hpp"
#include "calls/ports/import_store.hpp"
#include "calls/ports/lease_store.hpp"
#include "calls/ports/recording_store.hpp"
#include "domain/import.hpp"
#include "provider/patient_listing.hpp"
#include "runtime/clock.hpp"

namespace tapedeck {

/// Recordings that are written together. After each chunk the import rests for as long as it took, at most
/// kImportRestMax, so that the call store has time for presses of play.
inline constexpr std::size_t kImportChunk = 100;
inline constexpr Milliseconds kImportRestMax{1'000};
/// Tasks that work on a chunk at the same time; also the most requests for calls that the provider sees at once.
inline constexpr int kImportTasks = 8;
/// Interval between two counts of the import's recordings. A count may take 1/kTallyShare of the time at most.
inline constexpr Milliseconds kTallyEvery{1'000};
inline constexpr int kTallyShare = 20;
/// How long the import waits for a missing worker.
inline constexpr Milliseconds kNoWorkerPatience{5'000};

struct ImportRequest {
  BusinessId business;
  AccountSid account;  ///< the business's own or a sub-account of it; empty: its own
  std::optional<SystemTime> since;
  std::optional<SystemTime> until;
  bool dry_run = false;        ///< write nothing
  bool whole_account = false;  ///< of a shared account: also take recordings that belong to no business yet
  bool restart = false;        ///< list from the beginning, even if an earlier import was interrupted
  bool waits = true;           ///< wait for the downloads
};

enum class ImportPhase { kListing, kFetching };

/// How far an import is.
struct ImportProgress {
  ImportPhase phase = ImportPhase::kListing;
  Import import;
  std::vector<ImportTally> tally;  ///< of the recordings it has queued
  std::int64_t would_queue = 0;    ///< of a dry run
};

enum class ImportEnd {
  kDone,      ///< none of its recordings waits
  kListed,    ///< all are queued, and it was told not to wait
  kStopped,   ///< it was stopped; the next import goes on from here
  kNoWorker,  ///< all are queued, and no worker runs
  kPaused,    ///< all are queued, and the business is paused
};

struct ImportOutcome {
  ImportEnd end = ImportEnd::kDone;
  ImportProgress progress;
};

/// Imports a business's recordings from its provider account: lists them, writes each as its webhook would have, and
/// watches the workers fetch them. It fetches nothing itself, so a server's limits hold. Each step may be repeated
/// without harm, so an interrupted import goes on from its place in the call store.
class Importer {
 public:
  using Observer = std::function<void(const ImportProgress&)>;

  struct Dependencies {
    ImportStore& imports;
    CallListStore& calls;
    RecordingStore& recordings;
    LeaseStore& leases;
    Businesses& businesses;
    PatientListing& listing;
    Clock& clock;
  };

  explicit Importer(Dependencies dependencies) : d_(dependencies) {}

  /// Runs until it ends, is stopped or fails. Errors: kNotFound, no such business; kInvalidArgument, no account is
  /// known; those of the listing and of the call store.
  [[nodiscard]] Task<Result<ImportOutcome>> run(ImportRequest request, Observer observer, std::stop_token stop);

 private:
  struct Item;
  struct Chunk;

  // One run.
  struct Course {
    ImportRequest request;
    ProviderLogin login;
    bool is_shared = false;  // other businesses use the account too
    ImportProgress progress;
    Observer observer;
    std::stop_token stop;
  };

  [[nodiscard]] Task<Result<Course>> begin(ImportRequest request);
  [[nodiscard]] Task<Result<void>> list_all(Course& course);
  [[nodiscard]] Task<Result<ListingPage>> next_page(Course& course);
  [[nodiscard]] Task<Result<void>> take_page(Course& course, ListingPage page);
  [[nodiscard]] Task<Result<void>> take_chunk(Course& course, std::vector<Item> items);
  [[nodiscard]] Task<> take_items(Course& course, Chunk& chunk);
  [[nodiscard]] Task<Result<void>> take(Course& course, Item item);
  [[nodiscard]] Task<Result<bool>> announce(Course& course, const Item& item);
  [[nodiscard]] Task<Result<void>> learn_call(Course& course, CallSid call);
  [[nodiscard]] Task<Result<void>> save(Course& course);
  [[nodiscard]] Task<Result<void>> count(Course& course);
  [[nodiscard]] Task<Result<ImportEnd>> watch(Course& course);

  Dependencies d_;
};

/// Counts the recordings of a tally that are in one of these states.
[[nodiscard]] std::int64_t count_in(const std::vector<ImportTally>& tally,
                                    std::initializer_list<RecordingState> states);

}  // namespace tapedeck
