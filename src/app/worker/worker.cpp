#include "app/worker/worker.hpp"

#include <algorithm>
#include <exception>

#include <fmt/format.h>

#include "domain/events.hpp"
#include "runtime/describe.hpp"
#include "runtime/keep_running.hpp"

namespace tapedeck {
namespace {

// Pause after the slot store did not answer.
constexpr Milliseconds kSlotStoreAwayPause{250};
// Interval at which a drain looks whether the downloads have ended.
constexpr Milliseconds kDrainLook{50};
// Leases are checked this many times between two renewals.
constexpr int kRenewalTicks = 6;

TaskScope::FailureHandler report_to(EventSink& events) {
  return [&events](std::exception_ptr failure) { events.emit(event::worker_task_failed(describe(failure))); };
}

}  // namespace

Worker::Worker(boost::asio::any_io_executor executor, FetchJob::Dependencies dependencies, RecordingStore& recordings,
               WaitingStore& waiting, WorkerOptions options)
    : executor_(executor),
      d_(dependencies),
      recordings_(recordings),
      options_(std::move(options)),
      jobs_scope_(executor, report_to(dependencies.events)),
      job_ended_(executor),
      sweep_(dependencies, waiting) {}

Task<> Worker::run(std::stop_token stop) {
  TaskScope upkeep(executor_, report_to(d_.events));
  std::stop_source stop_upkeep;  // requested when the last job has ended
  const std::stop_token end = stop_upkeep.get_token();
  const std::function<Task<>()> loops[] = {
      [this, end] { return renew_loop(end); }, [this, end] { return watch_leases(end); },
      [this, end] { return sweep_.run(options_.sweep_every, end); }, [this, end] { return progress_loop(end); }};
  for (const auto& loop : loops) upkeep.spawn(keep_running(loop, report_to(d_.events), d_.clock, end));
  // In a scope of its own, so that the others are joined even if it throws.
  TaskScope claims(executor_, report_to(d_.events));
  const auto claim = [this, stop] { return claim_loop(stop); };
  claims.spawn(keep_running(claim, report_to(d_.events), d_.clock, stop));
  co_await claims.join();
  stop_upkeep.request_stop();
  co_await upkeep.join();
}

// Claiming.

// The lanes with room once `lease` has ended; with an empty lease: now.
LaneFilter Worker::lanes_beside(const LeaseId& lease) const {
  const auto fetches = std::ranges::count_if(
      jobs_, [&lease](const Job& job) { return job.lane == Lane::kFetch && job.lease.lease != lease; });
  const int kept_for_presses = options_.max_downloads / kPressShare;
  const bool has_room_for_fetch = fetches < std::max(1, options_.max_downloads - kept_for_presses);
  return has_room_for_fetch ? LaneFilter::kAny : LaneFilter::kPlayOnly;
}

Task<> Worker::wait_for_room(std::stop_token stop) {
  const std::stop_callback on_stop(stop, Alarm::Ringer{&job_ended_});
  while (running() >= options_.max_downloads && !stop.stop_requested()) {
    waits_for_room_ = true;
    co_await job_ended_.wait();
  }
  waits_for_room_ = false;
}

Task<> Worker::claim_loop(std::stop_token stop) {
  LeaseId lease = d_.random.bytes(kOperationIdBytes);
  bool is_unanswered = false;
  while (true) {
    co_await wait_for_room(stop);
    if (stop.stop_requested()) break;

    const LaneFilter lanes = lanes_beside({});
    std::stop_source stop_claim;
    const std::stop_callback on_stop(stop, [&stop_claim] { stop_claim.request_stop(); });
    if (lanes == LaneFilter::kPlayOnly) play_only_claim_ = stop_claim;
    auto claimed =
        co_await d_.slots.claim(options_.name, lanes, lease, options_.claim_patience, stop_claim.get_token());
    play_only_claim_.reset();
    is_unanswered = !claimed;
    if (!claimed) {
      // The same lease again, because the claim may have succeeded and only its answer was lost.
      co_await d_.clock.sleep_for(kSlotStoreAwayPause, stop);
      continue;
    }
    if (!*claimed) continue;

    co_await begin_job(std::move(**claimed));
    lease = d_.random.bytes(kOperationIdBytes);
  }
  is_draining_ = true;
  if (is_unanswered) jobs_scope_.spawn(return_unanswered(std::move(lease)));
  co_await drain();
}

// The last claim's answer was lost: if it took a recording, nobody would fetch it until the lease ends.
Task<> Worker::return_unanswered(LeaseId lease) {
  auto claimed = co_await d_.slots.claim(options_.name, LaneFilter::kAny, std::move(lease), Milliseconds{0}, {});
  if (!claimed || !*claimed) co_return;
  LeaseRef held{(*claimed)->business, (*claimed)->sid, (*claimed)->lease};
  FinishOutcome handed_back{FinishKind::kHandBack, std::nullopt, {}};
  auto nothing = co_await give_back(std::move(held), std::move(handed_back), std::nullopt);
  (void)nothing;
}

Task<> Worker::begin_job(Claim claim) {
  LeaseRef lease{claim.business, claim.sid, claim.lease};
  if (is_draining_) {
    FinishOutcome handed_back{FinishKind::kHandBack, std::nullopt, {}};
    auto nothing = co_await give_back(std::move(lease), std::move(handed_back), std::nullopt);
    (void)nothing;
    co_return;
  }
  d_.events.emit(event::recording_claimed(claim.business, claim.sid, claim.lane));
  const int place = free_place();
  const auto job = jobs_.emplace(jobs_.end());
  job->lease = std::move(lease);
  job->lane = claim.lane;
  job->place = place;
  job->renewed = d_.clock.steady_now();
  jobs_scope_.spawn(run_job(std::move(claim), job));
}

// The successor begins first: until it is a job, nobody renews its lease.
Task<> Worker::run_job(Claim claim, Jobs::iterator job) {
  LeaseRef lease = job->lease;
  Ended ended = co_await run_to_end(std::move(claim), job);
  if (ended.successor) co_await begin_job(std::move(*ended.successor));
  if (ended.is_gone) co_await ask_if_wanted(std::move(lease));
}

Task<Worker::Ended> Worker::run_to_end(Claim claim, Jobs::iterator job) {
  const LeaseRef lease = job->lease;
  const Ending ending{*this, job};
  FetchJob::Watch watch;
  watch.connecting = [job](SteadyTime sent) {
    job->renewed = sent;
    job->is_connected = true;
  };
  watch.closed = [this, job] {
    job->is_connected = false;
    if (!job->store_by) job->store_by = d_.clock.steady_now() + kStoreTimeMax;
  };
  FetchJob fetch(d_, std::move(claim),
                 FetchJob::Stops{job->stop.get_token(), stop_uploads_.get_token(), abandon_.get_token()},
                 std::move(watch));
  FinishOutcome outcome{FinishKind::kHandBack, std::nullopt, {}};
  try {
    outcome = co_await fetch.run();
  } catch (const std::exception& error) {
    d_.events.emit(event::fetch_broke(lease.business, lease.sid, error.what()));
    outcome = {FinishKind::kRetry, d_.clock.system_now() + kStoreAwayPause, "an internal error"};
  }
  Ended ended;
  ended.is_gone = outcome.kind == FinishKind::kDone && !fetch.stored();
  std::optional<ClaimWish> next = wish_beside(*job);
  auto successor = co_await give_back(lease, std::move(outcome), std::move(next));
  ended.successor = std::move(successor);
  if (fetch.stored() && options_.stored) options_.stored();
  co_return ended;
}

// A press may have come after the row was written and before the slot was given back. It was answered "processing", and
// nobody else would start its download.
Task<> Worker::ask_if_wanted(LeaseRef lease) {
  const SlotRequests::Pending pending(d_.requests, lease.business, lease.sid);
  auto found = co_await recordings_.find_recording(lease.business, lease.sid);
  if (!found || !*found || (*found)->state != RecordingState::kQueued || (*found)->retry_at) co_return;
  const Lane lane = (*found)->lane;
  auto asked = co_await d_.requests.ask(lease.business, lease.sid, lane);
  (void)asked;  // on failure the reconciliation asks
}

void Worker::forget(Jobs::iterator job) {
  jobs_.erase(job);
  job_ended_.ring();
  if (play_only_claim_ && lanes_beside({}) == LaneFilter::kAny) play_only_claim_->request_stop();
}

int Worker::free_place() const {
  int place = 0;
  while (std::ranges::find(jobs_, place, &Job::place) != jobs_.end()) ++place;
  return place;
}

// What to claim along with the end of `job`: one thing, if there was no room before. Several jobs may end at once, and
// each claims for itself.
std::optional<ClaimWish> Worker::wish_beside(const Job& job) {
  if (!waits_for_room_ || is_draining_) return std::nullopt;
  return ClaimWish{fmt::format("{}:{}", options_.name, job.place), lanes_beside(job.lease.lease),
                   d_.random.bytes(kOperationIdBytes)};
}

// Returns what was claimed by `next`. A slot that cannot be given back is left to its lease.
Task<std::optional<Claim>> Worker::give_back(LeaseRef lease, FinishOutcome outcome, std::optional<ClaimWish> next) {
  const SteadyTime last_try = d_.clock.steady_now() + kGiveBackTime;
  while (!abandon_.stop_requested() && d_.clock.steady_now() < last_try) {
    if (next) {
      auto both = co_await d_.slots.finish_and_claim(lease, outcome, *next);
      if (both) co_return std::move(both->claim);
    } else {
      auto finished = co_await d_.slots.finish(lease, outcome);
      if (finished) co_return std::nullopt;
    }
    co_await d_.clock.sleep_for(kSlotStoreAwayPause, abandon_.get_token());
  }
  co_return std::nullopt;
}

// Leases.

// Apart from the renewals, which may wait for an answer, so that an old lease is seen in time.
Task<> Worker::watch_leases(std::stop_token stop) {
  while (!stop.stop_requested()) {
    close_unrenewed();
    tell_pulse();
    co_await d_.clock.sleep_for(options_.renew_every / kRenewalTicks, stop);
  }
}

Task<> Worker::renew_loop(std::stop_token stop) {
  while (!stop.stop_requested()) {
    co_await d_.clock.sleep_for(options_.renew_every, stop);
    if (!jobs_.empty()) co_await renew_all();
  }
}

Task<> Worker::renew_all() {
  const SteadyTime sent = d_.clock.steady_now();
  std::vector<LeaseRef> leases;
  leases.reserve(jobs_.size());
  for (const Job& job : jobs_) {
    if (!job.store_by || sent < *job.store_by) leases.push_back(job.lease);
  }
  auto renewed = co_await d_.slots.renew(leases);
  if (!renewed) co_return;
  for (std::size_t i = 0; i < leases.size(); ++i) {
    // Jobs may have come and gone meanwhile.
    const auto job =
        std::ranges::find_if(jobs_, [&](const Job& other) { return other.lease.lease == leases[i].lease; });
    if (job == jobs_.end()) continue;
    if ((*renewed)[i]) {
      job->renewed = sent;
    } else {
      job->stop.request_stop();
    }
  }
}

void Worker::close_unrenewed() {
  const SteadyTime now = d_.clock.steady_now();
  for (Job& job : jobs_) {
    if (now - job.renewed > options_.close_after) job.stop.request_stop();
  }
}

void Worker::tell_pulse() const {
  if (!options_.pulse) return;
  SteadyTime oldest = d_.clock.steady_now();
  for (const Job& job : jobs_) {
    if (job.is_connected) oldest = std::min(oldest, job.renewed);
  }
  options_.pulse(oldest);
}

Task<> Worker::progress_loop(std::stop_token stop) {
  while (!stop.stop_requested()) {
    co_await d_.clock.sleep_for(options_.tell_progress_every, stop);
    std::vector<RunningDownload> downloads;
    for (const Job& job : jobs_) {
      auto progress = d_.progress.find(job.lease.business, job.lease.sid);
      if (job.is_connected && progress) downloads.push_back({job.lease.business, job.lease.sid, *progress});
    }
    if (downloads.empty()) continue;
    auto told = co_await d_.slots.tell_progress(std::move(downloads));
    (void)told;  // progress is a nicety
  }
}

// The end.

// Downloads run on, then are closed and handed back, then are abandoned.
Task<> Worker::drain() {
  const SteadyTime end = d_.clock.steady_now() + options_.drain_grace;
  const Milliseconds reserve = std::min(kStopReserve, options_.drain_grace / 2);
  co_await wait_for_jobs(end - reserve);
  for (Job& job : jobs_) job.stop.request_stop();
  stop_uploads_.request_stop();
  co_await wait_for_jobs(end);
  abandon_.request_stop();
  co_await jobs_scope_.join();
}

Task<> Worker::wait_for_jobs(SteadyTime until) {
  while (jobs_scope_.running() > 0 && d_.clock.steady_now() < until) {
    co_await d_.clock.sleep_until(std::min(until, d_.clock.steady_now() + kDrainLook), {});
  }
}

}  // namespace tapedeck
