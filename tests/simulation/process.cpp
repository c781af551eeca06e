#include "tests/simulation/process.hpp"

namespace tapedeck::simulation {
namespace {

constexpr int kDownloadsOfOneWorker = 8;
constexpr Milliseconds kSweepEvery{2'000};
// Shorter than most transfers, so that a worker that stops hands many back.
constexpr Milliseconds kDrainGrace{1'000};
// Virtual time does not move the timer behind a claim's patience, so the patience must not matter.
constexpr Milliseconds kNoPatienceNeeded{24 * 3600 * 1000};

WorkerOptions options_of(const std::string& name) {
  WorkerOptions options;
  options.name = name;
  options.max_downloads = kDownloadsOfOneWorker;
  options.sweep_every = kSweepEvery;
  options.drain_grace = kDrainGrace;
  options.claim_patience = kNoPatienceNeeded;
  options.tell_progress_every = kNoPatienceNeeded;  // the slots do not depend on it
  return options;
}

}  // namespace

Result<void> MortalSlotStore::before() {
  life_.check();
  if (clock_.steady_now() < life_.cut_off_until) return fail(Errc::kUnavailable, "the slot store cannot be reached");
  return {};
}

Task<Result<std::optional<Claim>>> MortalSlotStore::claim(std::string worker, LaneFilter lanes, LeaseId lease,
                                                          Milliseconds patience, std::stop_token stop) {
  auto refused = before();
  if (!refused) co_return fail(refused.error());
  const EitherStop either(stop, life_.killed.get_token());
  auto claimed = co_await next_.claim(worker, lanes, lease, patience, either.token());
  life_.check();
  if (random_.chance(faults_.answers_lost)) co_return fail(Errc::kUnavailable, "the answer was lost");
  co_return claimed;
}

Process::Process(const std::string& name, boost::asio::any_io_executor executor, VirtualClock& world_clock,
                 CallStore& world_calls, SlotStore& world_slots, BlobStore& blobs, Provider& provider,
                 SeededRandom& random, const StoreFaults& faults)
    : clock(world_clock, life),
      calls(world_calls, life, random, faults),
      slots(world_slots, clock, life, random, faults),
      source(provider, life),
      businesses(calls, clock, ProviderDefaults{}),
      rules(calls, slots, businesses),
      recovery(calls, slots, businesses, clock, kLeaseTtl),
      requests(slots, rules, recovery, clock, random),
      worker(executor,
             FetchJob::Dependencies{calls, slots, blobs, source, businesses, clock, random, events, progress, backoff,
                                    requests, recovery},
             options_of(name)) {}

void Process::kill(Provider& provider) {
  life.dead = true;
  provider.close_all_of(life);
  life.killed.request_stop();
}

}  // namespace tapedeck::simulation
