#include "tests/simulation/world.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>

#include "slots/reconciliation.hpp"
#include "slots/recovery.hpp"

namespace tapedeck::simulation {
namespace {

// Beyond kLeaseTtl for most, so that leases are lost.
constexpr Milliseconds kCutOffMin{14'000};
constexpr int kWorkers = 3;
constexpr Milliseconds kReconcileEvery{10'000};
// A lease may be lost this long after its worker was cut off or the store restarted: until it has expired and was
// swept.
constexpr Milliseconds kExcuseLasts = kLeaseTtl + Milliseconds{5'000};
// Virtual time in which everything must come to rest without faults: longer than any back-off.
constexpr std::chrono::hours kRestWithin{3};
// More work than this without a tick of the clock is a livelock.
constexpr std::size_t kHandlersPerSettle = 200'000;

std::string hex_sid(std::string_view prefix, int number) { return fmt::format("{}{:032x}", prefix, number); }

}  // namespace

World::World(std::uint64_t seed, Weather weather, TransitionCounts& counts)
    : random_(seed),
      weather_(weather),
      counts_(counts),
      provider_(clock_, random_, counts),
      slots_(clock_, events_, kDefaultSlotLimit, counts,
             [this](const BusinessId& business, const Sid& sid) { return is_excused(business, sid); }),
      api_calls_(truth_, api_life_, random_, faults_),
      api_slots_(slots_, clock_, api_life_, random_, faults_),
      businesses_(truth_, clock_, ProviderDefaults{}),
      rules_(std::in_place, truth_, slots_, businesses_),
      recovery_(truth_, slots_, businesses_, clock_, kLeaseTtl),
      requests_(api_slots_, *rules_, recovery_, clock_, random_),
      recordings_(api_calls_, api_slots_, requests_, blobs_, clock_, progress_, hot_),
      webhooks_(api_calls_, requests_, clock_, events_) {
  Violation::first.clear();
  last_fate_ = clock_.steady_now() - std::chrono::hours{1};
  add_tenant(1, 3, false);
  add_tenant(2, 1, false);
  add_tenant(3, 3, weather.rules_change);
  add_tenant(4, 2, weather.rules_change);
  spawn(refresh_rules());
  for (int i = 0; i < kWorkers; ++i) start_worker();
  settle();
}

World::~World() {
  for (const auto& process : processes_) {
    if (!process->life.dead) process->kill(provider_);
  }
  ending_ = true;
  try {
    settle();
  } catch (const Violation&) {
    // The first violation counts.
  }
}

void World::add_tenant(int number, int limit, bool changes) {
  Tenant tenant{
      *BusinessId::parse(fmt::format("{}", number)), *AccountSid::parse(hex_sid("AC", number)), limit, changes, {}};
  Business business;
  business.id = tenant.id;
  business.account = tenant.account;
  business.auth_token = "token";
  business.limit = limit;
  spawn(put_business(std::move(business)));
  provider_.allow(tenant.account, changes ? 5 : limit);
  tenants_.push_back(std::move(tenant));
}

void World::start_worker() {
  processes_.push_back(std::make_unique<Process>(fmt::format("worker-{}", next_number_++), loop_.get_executor(), clock_,
                                                 truth_, slots_, blobs_, provider_, random_, faults_));
  Process& process = *processes_.back();
  spawn(process.worker.run(process.drain.get_token()));
}

void World::spawn(Task<> task) {
  boost::asio::co_spawn(loop_, std::move(task), [](std::exception_ptr failure) {
    if (!failure) return;
    try {
      std::rethrow_exception(failure);
    } catch (const Crashed&) {
    } catch (const Violation&) {
    } catch (const std::exception& error) {
      throw Violation(std::string("a task broke: ") + error.what());
    }
  });
}

// Runs what can run now.
void World::settle() {
  loop_.restart();
  for (std::size_t handled = 0; (Violation::first.empty() || ending_) && loop_.poll_one() != 0; ++handled) {
    if (handled > kHandlersPerSettle) throw Violation("it goes round in circles without a tick of the clock");
    if (loop_.stopped()) loop_.restart();
  }
}

// Moves on to the next deadlines, one after the other.
void World::pass_time(Milliseconds at_most) {
  const SteadyTime end = clock_.steady_now() + at_most;
  while (Violation::first.empty()) {
    const auto next = clock_.next_deadline();
    if (!next || *next > end) break;
    clock_.advance_to(*next);
    settle();
  }
  clock_.advance_to(end);
  settle();
}

std::string World::run(int operations) {
  SteadyTime next_reconcile = clock_.steady_now() + kReconcileEvery;
  for (int i = 0; i < operations && Violation::first.empty(); ++i) {
    provider_.fault_probability = weather_.provider_faults ? 0.25 : 0;
    act();
    settle();
    if (random_.chance(0.4)) pass_time(Milliseconds(random_.below(1'500)));
    if (clock_.steady_now() >= next_reconcile) {
      next_reconcile = clock_.steady_now() + kReconcileEvery;
      spawn(reconcile());
      settle();
    }
  }
  if (Violation::first.empty()) come_to_rest();
  if (Violation::first.empty()) check_rest();
  return Violation::first;
}

void World::act() {
  const double dice = random_.uniform();
  if (dice < 0.88) {
    act_of_user();
  } else if (dice < 0.92) {
    act_of_operator();
  } else {
    act_of_fate();
  }
}

void World::act_of_user() {
  Tenant& tenant = any_tenant();
  const double dice = random_.uniform();
  if (tenant.known.empty() || dice < 0.22) {
    spawn(announce(tenant, random_.chance(0.2) ? 3 : 1));
    return;
  }
  // Most look at recent calls.
  const std::size_t recent = std::min<std::size_t>(tenant.known.size(), 12);
  const Sid sid = tenant.known[tenant.known.size() - 1 - random_.below(recent)];
  if (dice < 0.40) {
    spawn(press(tenant, new_call(tenant)));
  } else if (dice < 0.75) {
    spawn(press(tenant, sid));
    if (random_.chance(0.3)) spawn(press(tenant, sid));
  } else if (dice < 0.85) {
    spawn(retry(tenant, sid));
  } else if (dice < 0.96) {
    spawn(cancel(tenant, sid));
  } else {
    spawn(remove(tenant, sid));
  }
}

void World::act_of_operator() {
  Tenant& tenant = any_tenant();
  if (tenant.changes) spawn(change_rules(tenant));
}

void World::act_of_fate() {
  if (weather_.store_faults) {
    faults_.calls_fail = random_.chance(0.2) ? 0.2 : 0;
    faults_.answers_lost = random_.chance(0.3) ? 0.1 : 0;
    last_fate_ = std::max(last_fate_, clock_.steady_now());
    blobs_.failing.reset();
    if (random_.chance(0.1)) blobs_.failing = Error(Errc::kNoSpace, "the disk is full");
  }
  if (!weather_.crashes) return;
  const double dice = random_.uniform();
  Process* process = any_living();
  if (process == nullptr) return start_worker();
  if (dice < 0.20) {
    kill(*process);
    start_worker();
  } else if (dice < 0.55) {
    process->life.cut_off_until = clock_.steady_now() + kCutOffMin + Milliseconds(random_.below(16'000));
    last_fate_ = process->life.cut_off_until;
    ++counts_["fate: cut off"];
  } else if (dice < 0.80) {
    process->drain.request_stop();
    ++counts_["fate: drained"];
    start_worker();
  } else if (dice < 0.90) {
    restart_everything();
  } else {
    Tenant& tenant = any_tenant();
    const Sid sid = new_call(tenant);
    provider_.poison.insert("RE" + sid.str().substr(2));
    spawn(press(tenant, sid));
    ++counts_["fate: poison"];
  }
}

bool World::is_excused(const BusinessId&, const Sid&) {
  const auto dead = std::ranges::count_if(processes_, [](const auto& process) { return process->life.dead; });
  if (dead != deaths_) last_fate_ = std::max(last_fate_, clock_.steady_now());  // a recording killed one
  deaths_ = dead;
  return clock_.steady_now() - last_fate_ < std::chrono::nanoseconds(kExcuseLasts);
}

Process* World::any_living() {
  std::vector<Process*> living;
  for (const auto& process : processes_) {
    if (!process->life.dead && !process->drain.stop_requested()) living.push_back(process.get());
  }
  return living.empty() ? nullptr : living[random_.below(living.size())];
}

void World::kill(Process& process) {
  process.kill(provider_);
  last_fate_ = std::max(last_fate_, clock_.steady_now());
  ++counts_["fate: killed"];
  settle();
}

// The one process of the embedded default dies and starts again: slots and leases are gone, the rows are not.
void World::restart_everything() {
  for (const auto& process : processes_) {
    if (!process->life.dead) process->kill(provider_);
  }
  settle();
  last_fate_ = clock_.steady_now();
  slots_.restart();
  ++epoch_;
  rules_.emplace(truth_, slots_, businesses_);
  spawn(recover());
  settle();
  for (int i = 0; i < kWorkers; ++i) start_worker();
  ++counts_["fate: restarted"];
}

Sid World::new_call(Tenant& tenant) {
  const int number = next_number_++;
  const Sid sid = *Sid::parse(hex_sid("CA", number));
  CallUpdate update;
  update.call = *CallSid::parse(hex_sid("CA", number));
  update.recording = RecordingUpdate{*RecordingSid::parse(hex_sid("RE", number)), tenant.account, 42};
  spawn(put_call(tenant.id, std::move(update)));
  settle();
  tenant.known.push_back(sid);
  return sid;
}

// The acts of users and of the provider. Errors are allowed: users see them, and may try again.

Task<> World::announce(Tenant& tenant, int repeats) {
  const int number = next_number_++;
  RecordingAnnouncement announcement;
  announcement.call = *CallSid::parse(hex_sid("CA", number));
  announcement.recording = *RecordingSid::parse(hex_sid("RE", number));
  announcement.account = tenant.account;
  tenant.known.push_back(*Sid::parse(hex_sid("CA", number)));
  for (int i = 0; i < repeats; ++i) {
    auto ingested = co_await webhooks_.recording(tenant.id, announcement);
    (void)ingested;
  }
}

Task<> World::press(Tenant& tenant, Sid sid) {
  auto pressed = co_await recordings_.play(tenant.id, sid, Recordings::Intent::kPress);
  (void)pressed;
}

Task<> World::retry(Tenant& tenant, Sid sid) {
  auto retried = co_await recordings_.retry(tenant.id, sid);
  (void)retried;
}

Task<> World::cancel(Tenant& tenant, Sid sid) {
  auto cancelled = co_await recordings_.cancel(tenant.id, sid);
  (void)cancelled;
}

Task<> World::remove(Tenant& tenant, Sid sid) {
  auto removed = co_await recordings_.remove(tenant.id, sid);
  if (removed) deleted_.insert(sid);
}

Task<> World::put_business(Business business) {
  auto put = co_await truth_.put_business(std::move(business));
  if (!put) throw Violation("a business could not be put");
}

Task<> World::put_call(BusinessId business, CallUpdate update) {
  auto put = co_await truth_.put_call(std::move(business), std::move(update), clock_.system_now());
  if (!put) throw Violation("a call could not be put");
}

Task<> World::resume(BusinessId id) {
  auto business = co_await truth_.find_business(id);
  Business changed = **business;
  changed.paused = false;
  co_await put_business(std::move(changed));
  co_await refresh_rules();
}

Task<> World::change_rules(Tenant& tenant) {
  auto business = co_await truth_.find_business(tenant.id);
  Business changed = **business;
  changed.limit = 1 + static_cast<int>(random_.below(5));
  changed.paused = random_.chance(0.25);
  co_await put_business(std::move(changed));
  co_await refresh_rules();
}

Task<> World::refresh_rules() {
  auto refreshed = co_await rules_->refresh();
  if (!refreshed) throw Violation("the rules could not be refreshed: " + refreshed.error().detail);
}

Task<> World::reconcile() {
  auto reconciled = co_await reconcile_slots(api_calls_, api_slots_, requests_, clock_.system_now());
  (void)reconciled;
}

Task<> World::recover() {
  auto recovered = co_await recover_slots(truth_, slots_, businesses_, epoch_, clock_.system_now());
  if (!recovered) throw Violation("the slots could not be recovered: " + recovered.error().detail);
  co_await refresh_rules();
}

// The end.

void World::come_to_rest() {
  faults_ = {};
  blobs_.failing.reset();
  weather_ = {};
  provider_.fault_probability = 0;
  for (const auto& process : processes_) process->life.cut_off_until = {};
  for (Tenant& tenant : tenants_) {
    spawn(resume(tenant.id));
    settle();
  }
  const SteadyTime end = clock_.steady_now() + kRestWithin;
  const auto is_waiting = [](const Recording& recording) {
    return recording.state == RecordingState::kQueued || recording.state == RecordingState::kProcessing;
  };
  while (clock_.steady_now() < end && Violation::first.empty() &&
         std::ranges::any_of(truth_.recordings(), is_waiting)) {
    pass_time(kReconcileEvery);
    while (any_living() == nullptr) start_worker();
    spawn(reconcile());
    settle();
  }
  pass_time(kAnswerMemory + kLeaseTtl + kLeaseTtl);
}

void World::check_rest() {
  for (const Recording& recording : truth_.recordings()) {
    const std::string id = recording.sid.str();
    if (deleted_.contains(recording.sid) && recording.state != RecordingState::kDeleted) {
      throw Violation(fmt::format("{} was deleted, and is {} again", id, state_name(recording.state)));
    }
    if (recording.state == RecordingState::kQueued || recording.state == RecordingState::kProcessing) {
      throw Violation(fmt::format("{} still waits at the end, as {}", id, state_name(recording.state)));
    }
    if (recording.state == RecordingState::kStored) {
      const auto blob = blobs_.blobs().find(recording.audio->blob_key);
      if (blob == blobs_.blobs().end()) throw Violation("a stored recording without its audio: " + id);
      if (blob->second != Provider::body_of(recording.recording.str())) throw Violation("other bytes than sent: " + id);
      if (provider_.fetches_of(recording.recording.str()) == 0) throw Violation("stored without a fetch: " + id);
      ++counts_["end: stored"];
    }
  }
  if (provider_.open_downloads() != 0) throw Violation("a download is open at the end");
  if (slots_.table().size() != 0) throw Violation("slots are held or remembered at the end");
}

}  // namespace tapedeck::simulation
