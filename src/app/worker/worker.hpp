#pragma once

#include <functional>
#include <list>
#include <optional>
#include <stop_token>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "app/worker/fetch_job.hpp"
#include "app/worker/slot_sweep.hpp"
#include "calls/ports/recording_store.hpp"
#include "calls/ports/waiting_store.hpp"
#include "runtime/alarm.hpp"
#include "runtime/task_scope.hpp"

namespace tapedeck {

/// Default of MAX_CONCURRENT_DOWNLOADS.
inline constexpr int kDownloadsDefault = 64;
/// One in this many of a worker's downloads is kept for presses of play.
inline constexpr int kPressShare = 4;

/// Longest time for publishing a download and writing its row. Beyond it the lease is no longer renewed, so that a disk
/// that hangs does not keep a slot for ever.
inline constexpr Milliseconds kStoreTimeMax{60'000};
/// How long a worker tries to give a slot back while the slot store is away, until the last try begins. Longer than a
/// lease lives: after that the sweep has taken the slot.
inline constexpr Milliseconds kGiveBackTime{30'000};
/// The end of a drain's grace that is kept for closing downloads, for lingering (kCutTransferLinger), and for giving
/// slots back; at most half the grace.
inline constexpr Milliseconds kStopReserve{3'000};

/// Reports the latest time at which every open download was confirmed by its lease; the present if none is open.
/// Without a recent report the process must be ended (main/supervisor.hpp).
using Pulse = std::function<void(SteadyTime)>;

struct WorkerOptions {
  std::string name;  ///< unique among workers
  int max_downloads = kDownloadsDefault;
  Milliseconds renew_every{3'000};
  /// The worker closes a download whose lease was not renewed for this long, counted from the sending of the last
  /// renewal that succeeded: the slot may soon be another worker's.
  Milliseconds close_after{7'000};
  Milliseconds sweep_every{1'000};
  Milliseconds tell_progress_every{1'000};
  /// Longest wait of one claim.
  Milliseconds claim_patience{30'000};
  /// run() returns within this time of its stop, except for one call that a store does not answer. Downloads run on
  /// until kStopReserve is left; then they are closed and handed back. A slot that was not given back by the end is
  /// left to its lease.
  Milliseconds drain_grace{10'000};
  Pulse pulse;  ///< may be empty
  /// Called when a recording was stored and its slot given back; may be empty.
  std::function<void()> stored;
};

/// Claims recordings, runs a FetchJob for each, renews their leases, and sweeps; all on one executor of one thread.
class Worker {
 public:
  Worker(boost::asio::any_io_executor executor, FetchJob::Dependencies dependencies, RecordingStore& recordings,
         WaitingStore& waiting, WorkerOptions options);

  /// Works until `stop` is requested; then claims nothing more, and returns within WorkerOptions::drain_grace.
  [[nodiscard]] Task<> run(std::stop_token stop);

  [[nodiscard]] int running() const noexcept { return static_cast<int>(jobs_.size()); }

 private:
  struct Job {
    LeaseRef lease;
    Lane lane = Lane::kPlay;
    int place = 0;  // unique among running jobs
    std::stop_source stop;
    SteadyTime renewed;  // when the last renewal that succeeded was sent
    bool is_connected = false;
    std::optional<SteadyTime> store_by;  // set once the provider's part is over
  };
  struct Ended {
    std::optional<Claim> successor;  // claimed along with the end
    bool is_gone = false;            // there was nothing to fetch
  };
  using Jobs = std::list<Job>;
  // Removes a job from the list on every way out.
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
  [[nodiscard]] Task<std::optional<Claim>> give_back(LeaseRef lease, FinishOutcome outcome,
                                                     std::optional<ClaimWish> next);
  [[nodiscard]] std::optional<ClaimWish> wish_beside(const Job& job);
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
  [[nodiscard]] Task<> wait_for_jobs(SteadyTime until);

  boost::asio::any_io_executor executor_;
  FetchJob::Dependencies d_;
  RecordingStore& recordings_;
  WorkerOptions options_;
  Jobs jobs_;
  TaskScope jobs_scope_;
  Alarm job_ended_;
  SlotSweep sweep_;
  std::optional<std::stop_source> play_only_claim_;  // set while a claim waits for presses only
  bool waits_for_room_ = false;                      // then a job that ends claims the next
  bool is_draining_ = false;
  std::stop_source stop_uploads_;  // requested when kStopReserve of a drain's grace is left
  std::stop_source abandon_;       // requested at its end
};

}  // namespace tapedeck
