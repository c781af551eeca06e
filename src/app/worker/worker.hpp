#pragma once

#include <functional>
#include <list>
#include <optional>
#include <stop_token>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "app/worker/fetch_job.hpp"
#include "app/worker/slot_sweep.hpp"
#include "runtime/alarm.hpp"
#include "runtime/task_scope.hpp"

namespace tapedeck {

/// Default of MAX_CONCURRENT_DOWNLOADS.
inline constexpr int kDownloadsDefault = 64;
/// Automatic fetches leave this share of a worker's downloads to presses of play.
inline constexpr int kPressShare = 4;

/// Publishing a download, its row included, may take this long; beyond it the lease is not renewed any more, so that a
/// disk that hangs does not keep a slot for ever.
inline constexpr Milliseconds kStoreTimeMax{60'000};

/// Told regularly since when, at the latest, every open download is known to be allowed: now where none is open. Who
/// hears of no recent time must end the process (main/supervisor.hpp).
using Pulse = std::function<void(SteadyTime)>;

struct WorkerOptions {
  std::string name;  ///< no other worker's
  int max_downloads = kDownloadsDefault;
  Milliseconds renew_every{3'000};
  /// Without an acknowledged renewal for this long, counted from the sending of the last one, the worker closes the
  /// download: the slot may soon be another's.
  Milliseconds close_after{7'000};
  Milliseconds sweep_every{1'000};
  Milliseconds tell_progress_every{1'000};
  /// Longest that one claim waits before it asks again.
  Milliseconds claim_patience{30'000};
  /// On drain, downloads may go on for this long before they are handed back.
  Milliseconds drain_grace{10'000};
  Pulse pulse;  ///< may be empty
  /// A recording was stored, and its slot given back; may be empty.
  std::function<void()> stored;
};

/// Claims recordings, runs a FetchJob for each, renews their leases, and sweeps. Everything on one executor of one
/// thread.
class Worker {
 public:
  Worker(boost::asio::any_io_executor executor, FetchJob::Dependencies dependencies, WorkerOptions options);

  /// Until `stop` is requested; then claims nothing more, and returns when every download has ended or was handed back.
  [[nodiscard]] Task<> run(std::stop_token stop);

  [[nodiscard]] int running() const noexcept { return static_cast<int>(jobs_.size()); }

 private:
  struct Job {
    LeaseRef lease;
    Lane lane = Lane::kPlay;
    int place = 0;  // among those that run now
    std::stop_source stop;
    SteadyTime renewed;  // when the last acknowledged renewal was sent
    bool is_connected = false;
    std::optional<SteadyTime> store_by;  // set once the provider has given everything
  };
  struct Ended {
    std::optional<Claim> successor;  // claimed along with the end
    bool is_gone = false;            // there was nothing to fetch
  };
  using Jobs = std::list<Job>;
  // Takes a job off the list on every way out.
  struct Ending {
    Worker& worker;
    Jobs::iterator job;
    ~Ending() { worker.forget(job); }
  };

  [[nodiscard]] Task<> claim_loop(std::stop_token stop);
  [[nodiscard]] Task<> wait_for_room(std::stop_token stop);
  [[nodiscard]] Task<> return_unanswered(LeaseId lease);
  [[nodiscard]] Task<> begin_job(Claim claim);
  [[nodiscard]] Task<> run_job(Claim claim, Jobs::iterator job);
  [[nodiscard]] Task<Ended> run_to_end(Claim claim, Jobs::iterator job);
  void forget(Jobs::iterator job);
  [[nodiscard]] Task<> give_back(LeaseRef lease, FinishOutcome outcome);
  [[nodiscard]] Task<std::optional<Claim>> give_back_and_claim(LeaseRef lease, int place, FinishOutcome outcome);
  [[nodiscard]] int free_place() const;
  [[nodiscard]] LaneFilter lanes_beside(const LeaseId& lease) const;
  [[nodiscard]] Task<> ask_if_wanted(LeaseRef lease);
  [[nodiscard]] Task<> renew_loop(std::stop_token stop);
  [[nodiscard]] Task<> watch_leases(std::stop_token stop);
  [[nodiscard]] Task<> renew_all();
  void close_unrenewed();
  void tell_pulse() const;
  [[nodiscard]] Task<> progress_loop(std::stop_token stop);
  [[nodiscard]] Task<> drain();

  boost::asio::any_io_executor executor_;
  FetchJob::Dependencies d_;
  WorkerOptions options_;
  Jobs jobs_;
  TaskScope jobs_scope_;
  Alarm job_ended_;
  SlotSweep sweep_;
  std::optional<std::stop_source> play_only_claim_;  // set while a claim waits for presses alone
  bool waits_for_room_ = false;                      // then whoever ends claims the next
  bool is_draining_ = false;
};

}  // namespace tapedeck
