#include "app/worker/worker.hpp"

#include <algorithm>
#include <exception>

#include <fmt/format.h>

namespace tapedeck {
namespace {

// Pause after the slot store did not answer.
constexpr Milliseconds kSlotStoreAwayPause{250};
// Tries to give a slot back, half a minute of them: longer than a lease lives, and beyond that the sweep has taken it.
constexpr int kGiveBackTries = 120;
// How often a drain looks whether the downloads have ended.
constexpr Milliseconds kDrainLook{50};
// Leases are looked at this many times within the interval of their renewals.
constexpr int kRenewalTicks = 6;

std::string describe(std::exception_ptr failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an unknown exception";
  }
}

TaskScope::FailureHandler report_to(EventSink& events) {
  return [&events](std::exception_ptr failure) {
    events.emit({Severity::kError, "", "WORKER_TASK_FAILED", {{"detail", describe(failure)}}});
  };
}

}  // namespace

Worker::Worker(boost::asio::any_io_executor executor, FetchJob::Dependencies dependencies, WorkerOptions options)
    : executor_(executor),
      d_(dependencies),
      options_(std::move(options)),
      jobs_scope_(executor, report_to(dependencies.events)),
      job_ended_(executor) {}

Task<> Worker::run(std::stop_token stop) {
  TaskScope upkeep(executor_, report_to(d_.events));
  std::stop_source stop_upkeep;  // leases are renewed and the sweep goes on until the last job has ended
  upkeep.spawn(renew_loop(stop_upkeep.get_token()));
  upkeep.spawn(watch_leases(stop_upkeep.get_token()));
  upkeep.spawn(sweep_loop(stop_upkeep.get_token()));
  upkeep.spawn(progress_loop(stop_upkeep.get_token()));
  // In a scope of its own, so that whatever it ends with, the others are joined.
  TaskScope claims(executor_, report_to(d_.events));
  claims.spawn(claim_loop(stop));
  co_await claims.join();
  stop_upkeep.request_stop();
  co_await upkeep.join();
}

// Claiming.

// What there is room for once `lease` has ended; empty: now.
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
      // The same lease again: the answer may be all that was lost.
      co_await d_.clock.sleep_for(kSlotStoreAwayPause, stop);
      continue;
    }
    if (!*claimed) continue;

    co_await begin_job(std::move(**claimed));
    lease = d_.random.bytes(kOperationIdBytes);
  }
  if (is_unanswered) co_await return_unanswered(std::move(lease));
  co_await drain();
}

// The last claim's answer was lost, and it may have taken a recording that nobody would fetch until the lease ends.
Task<> Worker::return_unanswered(LeaseId lease) {
  auto claimed = co_await d_.slots.claim(options_.name, LaneFilter::kAny, std::move(lease), Milliseconds{0}, {});
  if (!claimed || !*claimed) co_return;
  LeaseRef held{(*claimed)->business, (*claimed)->sid, (*claimed)->lease};
  FinishOutcome outcome{FinishKind::kHandBack, std::nullopt, {}};
  co_await give_back(std::move(held), std::move(outcome));
}

Task<> Worker::begin_job(Claim claim) {
  LeaseRef lease{claim.business, claim.sid, claim.lease};
  if (is_draining_) {
    FinishOutcome handed_back{FinishKind::kHandBack, std::nullopt, {}};
    co_await give_back(std::move(lease), std::move(handed_back));
    co_return;
  }
  d_.events.emit({Severity::kDebug,
                  "",
                  "RECORDING_CLAIMED",
                  {{"business_id", claim.business.str()},
                   {"sid", claim.sid.str()},
                   {"lane", std::string(lane_name(claim.lane))}}});
  const int place = free_place();
  const auto job = jobs_.emplace(jobs_.end());
  job->lease = std::move(lease);
  job->lane = claim.lane;
  job->place = place;
  job->renewed = d_.clock.steady_now();
  jobs_scope_.spawn(run_job(std::move(claim), job));
}

Task<> Worker::run_job(Claim claim, Jobs::iterator job) {
  auto next = co_await run_to_end(std::move(claim), job);
  if (next) co_await begin_job(std::move(*next));
}

// With what was claimed along with the end, where there was no room before.
Task<std::optional<Claim>> Worker::run_to_end(Claim claim, Jobs::iterator job) {
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
  FetchJob fetch(d_, std::move(claim), job->stop.get_token(), std::move(watch));
  FinishOutcome outcome{FinishKind::kHandBack, std::nullopt, {}};
  try {
    outcome = co_await fetch.run();
  } catch (const std::exception& error) {
    d_.events.emit(
        {Severity::kError,
         "",
         "FETCH_BROKE",
         {{"business_id", lease.business.str()}, {"sid", lease.sid.str()}, {"detail", std::string(error.what())}}});
    outcome = {FinishKind::kRetry, d_.clock.system_now() + kStoreAwayPause, "an internal error"};
  }
  const bool is_gone = outcome.kind == FinishKind::kDone && !fetch.stored();
  auto next = co_await give_back_and_claim(lease, job->place, std::move(outcome));
  if (is_gone) co_await ask_if_wanted(lease);
  if (fetch.stored() && options_.stored) options_.stored();
  co_return next;
}

// A press may have come after the row was written and before the slot was given back: it was told "processing", and
// nobody else would start it.
Task<> Worker::ask_if_wanted(LeaseRef lease) {
  const SlotRequests::Pending pending(d_.requests, lease.business, lease.sid);
  auto found = co_await d_.calls.find_recording(lease.business, lease.sid);
  if (!found || !*found || (*found)->state != RecordingState::kQueued || (*found)->retry_at) co_return;
  const Lane lane = (*found)->lane;
  auto asked = co_await d_.requests.ask(lease.business, lease.sid, lane);
  (void)asked;  // else the reconciliation asks
}

void Worker::forget(Jobs::iterator job) {
  jobs_.erase(job);
  job_ended_.ring();
  if (play_only_claim_ && lanes_beside({}) == LaneFilter::kAny) play_only_claim_->request_stop();
}

Task<> Worker::give_back(LeaseRef lease, FinishOutcome outcome) {
  for (int tries = 0; tries < kGiveBackTries; ++tries) {
    auto finished = co_await d_.slots.finish(lease, outcome);
    if (finished) co_return;
    co_await d_.clock.sleep_for(kSlotStoreAwayPause, {});
  }
}

int Worker::free_place() const {
  int place = 0;
  while (std::ranges::find(jobs_, place, &Job::place) != jobs_.end()) ++place;
  return place;
}

Task<std::optional<Claim>> Worker::give_back_and_claim(LeaseRef lease, int place, FinishOutcome outcome) {
  if (!waits_for_room_ || is_draining_) {
    co_await give_back(std::move(lease), std::move(outcome));
    co_return std::nullopt;
  }
  // Several jobs may end at once, and each claims for itself.
  const ClaimWish next{fmt::format("{}:{}", options_.name, place), lanes_beside(lease.lease),
                       d_.random.bytes(kOperationIdBytes)};
  for (int tries = 0; tries < kGiveBackTries; ++tries) {
    auto both = co_await d_.slots.finish_and_claim(lease, outcome, next);
    if (both) co_return std::move(both->claim);
    co_await d_.clock.sleep_for(kSlotStoreAwayPause, {});
  }
  co_return std::nullopt;
}

// Leases.

// Beside the renewals, which may wait for an answer, so that a lease that grows old is seen in time.
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
    (void)told;  // nice to know, and no more
  }
}

Task<> Worker::sweep_loop(std::stop_token stop) {
  while (!stop.stop_requested()) {
    co_await d_.clock.sleep_for(options_.sweep_every, stop);
    co_await sweep_once();
  }
}

Task<> Worker::sweep_once() {
  auto swept = co_await d_.slots.sweep();
  if (!swept) co_return;
  for (const SweepReport::Item& item : swept->reclaimed) {
    std::optional<Cause> give_up;
    if (item.gave_up) {
      give_up = Cause{std::string(errc_name(Errc::kLeaseLost)),
                      "the worker was lost again and again while it fetched this recording"};
    }
    auto reclaimed = co_await d_.calls.reclaim(item.business, item.sid, give_up);
    (void)reclaimed;  // a row that stays behind as processing is found by the reconciliation
  }
  for (const SweepReport::Refill& wanted : swept->refills) co_await refill(wanted.business, wanted.refill);
  for (const BusinessId& business : swept->lost) {
    auto recovered = co_await d_.recovery.recover(business, {});
    (void)recovered;  // else whoever asks next, or the reconciliation, does it
  }
  if (swept->everything_lost) co_await recover_everything();
}

// What fails here is asked for by the next sweep.
Task<> Worker::refill(BusinessId business, std::int64_t refill) {
  const int window = d_.slots.fetch_window();
  auto sids = co_await d_.calls.waiting_fetches(business, d_.clock.system_now(), window);
  if (!sids) co_return;
  const bool is_all = std::ssize(*sids) < window;
  auto refilled = co_await d_.slots.refill(business, refill, std::move(*sids), is_all);
  (void)refilled;
}

Task<> Worker::recover_everything() {
  d_.events.emit({Severity::kWarning,
                  "",
                  "SLOTS_LOST",
                  {{"detail", "the slot store has lost what it knew; it is rebuilt from the call store"}}});
  const SteadyTime began = d_.clock.steady_now();
  auto recovered = co_await d_.recovery.recover_all();
  if (!recovered) {
    d_.events.emit({Severity::kError, "", "RECOVERY_FAILED", {{"detail", recovered.error().detail}}});
    co_return;  // the next sweep is told again
  }
  auto marked = co_await d_.slots.mark_recovered();
  (void)marked;  // else the next sweep is told again
  d_.events.emit({Severity::kInfo,
                  "",
                  "RECOVERED",
                  {{"waiting", std::int64_t{recovered->recordings}},
                   {"interrupted", std::int64_t{recovered->interrupted}},
                   {"businesses", std::int64_t{recovered->businesses}},
                   {"seconds", std::chrono::duration<double>(d_.clock.steady_now() - began).count()}}});
}

// The end.

Task<> Worker::drain() {
  is_draining_ = true;
  const SteadyTime deadline = d_.clock.steady_now() + options_.drain_grace;
  while (running() > 0 && d_.clock.steady_now() < deadline) {
    co_await d_.clock.sleep_until(std::min(deadline, d_.clock.steady_now() + kDrainLook), {});
  }
  for (Job& job : jobs_) job.stop.request_stop();
  co_await jobs_scope_.join();
}

}  // namespace tapedeck
