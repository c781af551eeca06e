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

/// Recordings that are written down at once; after so many the import rests as long as they took, so that the call
/// store has time for presses of play.
inline constexpr std::size_t kImportChunk = 100;
inline constexpr Milliseconds kImportRestMax{1'000};
/// Of them under way at the same time: also the most requests for calls that the provider sees at once.
inline constexpr int kImportTasks = 8;
/// How often the import looks how far its recordings are, and the largest share of time that looking may take.
inline constexpr Milliseconds kTallyEvery{1'000};
inline constexpr int kTallyShare = 20;
/// How long it waits for a worker that is not there.
inline constexpr Milliseconds kNoWorkerPatience{5'000};

struct ImportRequest {
  BusinessId business;
  AccountSid account;  ///< empty: the business's own; otherwise that or a sub-account of it
  std::optional<SystemTime> since;
  std::optional<SystemTime> until;
  bool dry_run = false;        ///< write nothing
  bool whole_account = false;  ///< of an account that others use too: take also what is of no business yet
  bool restart = false;        ///< list from the beginning, whatever an earlier import has done
  bool waits = true;           ///< for the fetches
};

enum class ImportPhase { kListing, kFetching };

/// How far an import is.
struct ImportProgress {
  ImportPhase phase = ImportPhase::kListing;
  Import import;
  std::vector<ImportTally> tally;  ///< of what it has queued
  std::int64_t would_queue = 0;    ///< of a dry run
};

enum class ImportEnd {
  kDone,      ///< nothing of it waits any more
  kListed,    ///< all is written down, and it was not to wait
  kStopped,   ///< it was stopped, and goes on from here the next time
  kNoWorker,  ///< all is written down, and nobody fetches it
  kPaused,    ///< the same, because the business is paused
};

struct ImportOutcome {
  ImportEnd end = ImportEnd::kDone;
  ImportProgress progress;
};

/// Brings a business's recordings over from its provider account: lists them, writes each down as its webhook would
/// have, and watches the workers fetch them. It fetches nothing itself, so that a server's limits hold, and each step
/// may be done twice without harm: it goes on where the call store says that it was.
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

  /// Until it has ended, is stopped or fails. Errors: kNotFound, no such business; kInvalidArgument, no account to ask;
  /// those of the listing and of the call store.
  [[nodiscard]] Task<Result<ImportOutcome>> run(ImportRequest request, Observer observer, std::stop_token stop);

 private:
  struct Item;
  struct Chunk;

  // What one run is about.
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

/// Recordings of a tally that are in one of these states.
[[nodiscard]] std::int64_t count_in(const std::vector<ImportTally>& tally,
                                    std::initializer_list<RecordingState> states);

}  // namespace tapedeck
