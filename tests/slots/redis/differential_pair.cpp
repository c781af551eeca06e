#include "tests/slots/redis/differential_pair.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <fmt/format.h>

#include "tests/slots/redis/show_answers.hpp"

namespace tapedeck {
namespace {

constexpr int kFewSids = 16;    // so that they meet often
constexpr int kManySids = 200;  // more than Redis keeps in its short encodings
constexpr std::size_t kOldLeases = 8;
constexpr std::size_t kRecentSteps = 30;  // of a report
constexpr std::uint64_t kStepsOfABusiness = 2'000;
constexpr std::size_t kEverything = 1'000;
const SystemTime kBegin{Milliseconds{1'795'000'000'000}};

std::vector<redis::Script*> scripts_of(redis::SlotScripts& library) {
  return {&library.request, &library.claim,   &library.renew,  &library.finish,    &library.finish_and_claim,
          &library.block,   &library.unblock, &library.cancel, &library.set_limit, &library.sweep,
          &library.refill,  &library.status,  &library.view,   &library.recover};
}

}  // namespace

void ScriptsUnderTest::plant(const std::string& from, const std::string& to) {
  bool found = false;
  for (redis::Script* script : scripts_of(library_)) {
    std::string text(script->text);
    bool changed = false;
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
      text.replace(at, from.size(), to);
      changed = true;
    }
    if (!changed) continue;
    found = true;
    texts_.push_back(std::move(text));
    *script = redis::make_script(script->name, texts_.back());
  }
  if (!found) throw std::logic_error("no script holds: " + from);
}

void ScriptsUnderTest::set_fetch_window(int window) {
  plant(fmt::format("local FETCH_WINDOW = {}", kFetchWindow), fmt::format("local FETCH_WINDOW = {}", window));
  fetch_window_ = window;
}

DifferentialPair::DifferentialPair(ScriptsRedis& redis, const ScriptsUnderTest& scripts, std::uint64_t seed)
    : redis_(redis),
      scripts_(scripts.library()),
      random_(seed),
      business_(*BusinessId::parse(fmt::format("b{}", seed))),
      model_(kDefaultSlotLimit, scripts.fetch_window()),
      now_(kBegin + any_time(1'000'000)),
      sids_(one_in(20) ? kManySids : kFewSids),
      workers_crash_(one_in(4)) {}

std::string DifferentialPair::new_name(char kind) { return fmt::format("{}{}", kind, ++names_); }

Sid DifferentialPair::any_sid() { return *Sid::parse(fmt::format("CA{:032x}", below(sids_))); }

redis::Reply DifferentialPair::run(const redis::Script& script, const redis::Words& words) {
  return redis_.run(script, keys_.of_admission(business_), words);
}

std::string DifferentialPair::compare(const std::string& what, const std::string& expected, const std::string& got) {
  recent_.push_back(fmt::format("{:>6} {}: {}", (now_ - kBegin).count() % 1'000'000, what, expected));
  if (recent_.size() > kRecentSteps) recent_.pop_front();
  if (expected == got) return {};
  return fmt::format("{}\n  protocol: {}\n  scripts:  {}", what, expected, got);
}

std::string DifferentialPair::step() {
  if (epoch_ == 0) return recover();
  // Mostly small steps, so that much is pending; at times one beyond leases and answers.
  now_ += one_in(workers_crash_ ? 5 : 40) ? any_time(70'000) : any_time(one_in(4) ? 6'000 : 400);
  struct Choice {
    int weight;
    std::string (DifferentialPair::*run)();
  };
  using Self = DifferentialPair;
  static constexpr std::array kChoices{
      Choice{34, &Self::request},
      Choice{18, &Self::claim},
      Choice{6, &Self::renew},
      Choice{14, &Self::finish},
      Choice{10, &Self::finish_and_claim},
      Choice{2, &Self::block},
      Choice{3, &Self::unblock},
      Choice{4, &Self::cancel},
      Choice{2, &Self::set_limit},
      Choice{6, &Self::sweep},
      Choice{3, &Self::refill},
      Choice{1, &Self::recover},
  };
  static constexpr int kTotal = [] {
    int total = 0;
    for (const Choice& choice : kChoices) total += choice.weight;
    return total;
  }();
  int pick = below(kTotal);
  std::string difference;
  for (const Choice& choice : kChoices) {
    pick -= choice.weight;
    if (pick >= 0) continue;
    // A rebuild forgets how often a recording has lost its worker.
    if (workers_crash_ && choice.run == &Self::recover && !one_in(10)) return {};
    difference = (this->*choice.run)();
    break;
  }
  if (difference.empty()) difference = compare_state();
  if (difference.empty()) return {};
  std::string report = difference + "\n  the last steps:";
  for (const std::string& one : recent_) report += "\n    " + one;
  return report;
}

std::string DifferentialPair::request() {
  const Sid sid = any_sid();
  const Lane lane = any_lane();
  const bool repeats = one_in(6) && last_op_.contains(sid);
  const OperationId op = repeats ? last_op_.at(sid) : one_in(50) ? OperationId() : new_name('o');
  if (!op.empty()) last_op_[sid] = op;
  const RequestAnswer expected = model_.request(sid, lane, op, now_);
  const auto got = redis::parse_request(run(scripts_.request, redis::request_words(clock(), sid, lane, op)), lane);
  count(fmt::format("request {}", static_cast<int>(expected.kind)));
  return compare(fmt::format("request({}, {}, {})", show(sid), lane_name(lane), op), show(expected), show(got));
}

std::string DifferentialPair::claim() {
  const bool play_only = one_in(4);
  const bool repeats = one_in(8) && !leases_.empty();
  const LeaseId id = repeats ? leases_[random_() % leases_.size()].id : new_name('l');
  const auto expected = model_.claim(play_only, id, now_);
  const auto got = redis::parse_claim(run(scripts_.claim, redis::claim_words(clock(), id, play_only)));
  keep_lease(id, expected);
  count(expected ? "claim" : "claim nothing");
  return compare(fmt::format("claim({}, {})", play_only ? "play" : "any", id), show(expected), show(got));
}

std::string DifferentialPair::renew() {
  std::vector<LeaseId> ids;
  std::vector<bool> expected;
  for (Lease& lease : leases_) {
    if (one_in(3)) continue;
    ids.push_back(lease.id);
    expected.push_back(model_.renew(lease.id, now_));
    if (expected.back()) lease.deadline = now_ + kLeaseTtl;
  }
  if (one_in(3)) {
    ids.push_back("nobody's");
    expected.push_back(false);
  }
  const auto got = redis::parse_renew(run(scripts_.renew, redis::renew_words(clock(), ids)));
  count("renew");
  return compare(fmt::format("renew({} leases)", ids.size()), show(expected), show(got));
}

void DifferentialPair::forget_lease(const LeaseId& id) {
  const auto found = std::ranges::find(leases_, id, &Lease::id);
  if (found == leases_.end()) return;
  old_leases_.push_back(*found);
  leases_.erase(found);
  if (old_leases_.size() > kOldLeases) old_leases_.erase(old_leases_.begin());
}

void DifferentialPair::keep_lease(const LeaseId& id, const std::optional<ClaimAnswer>& claimed) {
  if (!claimed) return;
  std::erase_if(leases_, [&](const Lease& lease) { return lease.id == id; });
  leases_.push_back({id, claimed->sid, now_ + kLeaseTtl});
}

DifferentialPair::Ending DifferentialPair::any_ending() {
  Lease lease{"nobody's", any_sid(), {}};
  if (one_in(5) && !old_leases_.empty()) {
    lease = old_leases_[random_() % old_leases_.size()];
  } else if (!leases_.empty() && !one_in(20)) {
    lease = leases_[random_() % leases_.size()];
  }
  FinishOutcome outcome;
  const int kind = below(4);
  if (kind == 1) {
    outcome = {FinishKind::kRetry, now_ + any_time(20'000) - Milliseconds{2'000}, one_in(3) ? "" : "it answered 503"};
    if (one_in(10)) outcome.retry_at.reset();
  } else if (kind == 2 && one_in(2)) {
    outcome.kind = FinishKind::kHandBack;
  }
  return {std::move(lease), std::move(outcome)};
}

void DifferentialPair::count_finish(const FinishAnswer& answer) {
  count(!answer.held ? "finish not held" : answer.repeated ? "finish repeated" : "finish");
}

std::string DifferentialPair::finish() {
  if (workers_crash_ && !one_in(10)) return sweep();
  const auto [lease, outcome] = any_ending();
  const FinishAnswer expected = model_.finish(lease.id, outcome, now_);
  const auto got =
      redis::parse_finish(run(scripts_.finish, redis::finish_words(clock(), lease.id, lease.sid, outcome)));
  forget_lease(lease.id);
  count_finish(expected);
  return compare(fmt::format("finish({} {}, {}, {})", lease.id, show(lease.sid), static_cast<int>(outcome.kind),
                             show(outcome.retry_at)),
                 show(expected), show(got));
}

std::string DifferentialPair::finish_and_claim() {
  if (workers_crash_ && !one_in(10)) return sweep();
  const auto [lease, outcome] = any_ending();
  const LeaseRef ended{business_, lease.sid, lease.id};
  const ClaimWish next{"worker", one_in(4) ? LaneFilter::kPlayOnly : LaneFilter::kAny, new_name('l')};
  std::set<Lane> hints;
  for (const Lane lane : {Lane::kPlay, Lane::kFetch}) {
    if (!redis_.text({"ZSCORE", keys_.ready(lane), business_.str()}).empty()) hints.insert(lane);
  }
  std::string difference;
  std::optional<bool> turn_is_play_only;  // none: it was nobody's turn
  for (const bool is_repeat : {false, true}) {
    const FinishAnswer finished = model_.finish(lease.id, outcome, now_);
    for (const Admitted& item : finished.admitted) hints.insert(item.lane);
    const bool play_only = next.lanes == LaneFilter::kPlayOnly;
    if (is_repeat && turn_is_play_only) {
      turn_is_play_only = play_only;  // Redis remembers the turn, and not its hint
    } else if (hints.contains(Lane::kPlay)) {
      turn_is_play_only = true;
    } else if (!play_only && hints.contains(Lane::kFetch)) {
      turn_is_play_only = false;
    }
    std::optional<ClaimAnswer> claimed;
    if (turn_is_play_only) claimed = model_.claim(*turn_is_play_only, next.lease, now_);
    const auto got = redis::parse_finish_and_claim(
        redis_.run(scripts_.finish_and_claim, keys_.of_finish_and_claim(business_, next.worker),
                   redis::finish_and_claim_words(clock(), ended, outcome, next, is_repeat)));
    forget_lease(lease.id);
    keep_lease(next.lease, claimed);
    count_finish(finished);
    count(claimed ? "finish and claim" : "finish and claim nothing");
    const std::string what = fmt::format("finish_and_claim({} {}, {}, {}, {})", lease.id, show(lease.sid),
                                         static_cast<int>(outcome.kind), show(outcome.retry_at), next.lease);
    const std::string told = got ? show(got->finished) + " then " + show(got->next.answer) : got.error().detail;
    difference = compare(what, show(finished) + " then " + show(claimed), told);
    if (!difference.empty() || !one_in(3)) break;
  }
  return difference;
}

std::string DifferentialPair::block() {
  std::optional<SystemTime> until;
  if (!one_in(4)) until = now_ + any_time(15'000) - Milliseconds{1'000};
  const std::string why = until ? "the provider asks to wait" : "paused";
  const auto expected = model_.block(until, why, now_);
  const auto got = redis::parse_admitted(run(scripts_.block, redis::block_words(clock(), until, why)));
  count("block");
  return compare(fmt::format("block({})", show(until)), show(expected), show(got));
}

std::string DifferentialPair::unblock() {
  const auto expected = model_.unblock(now_);
  const auto got = redis::parse_admitted(run(scripts_.unblock, redis::unblock_words(clock())));
  count("unblock");
  return compare("unblock", show(expected), show(got));
}

std::string DifferentialPair::cancel() {
  const Sid sid = any_sid();
  const CancelAnswer expected = model_.cancel(sid, now_);
  const auto got = redis::parse_cancel(run(scripts_.cancel, redis::cancel_words(clock(), sid)));
  last_op_.erase(sid);
  count(fmt::format("cancel {}", static_cast<int>(expected.kind)));
  return compare(fmt::format("cancel({})", show(sid)), show(expected), show(got));
}

std::string DifferentialPair::set_limit() {
  const int limit = below(6);  // 0 is taken for 1
  const auto expected = model_.set_limit(limit, now_);
  const auto got = redis::parse_admitted(run(scripts_.set_limit, redis::set_limit_words(clock(), limit)));
  count("set_limit");
  return compare(fmt::format("set_limit({})", limit), show(expected), show(got));
}

std::string DifferentialPair::sweep() {
  const SweepAnswer expected = model_.sweep(now_);
  const auto swept = redis::parse_sweep(run(scripts_.sweep, redis::sweep_words(clock())));
  Result<SweepAnswer> got = SweepAnswer{};
  if (swept) {
    got = swept->answer;
  } else {
    got = fail(swept.error());
  }
  if (expected.refill > 0) refill_ = expected.refill;
  if (expected.refill > 0) count("sweep wants refill");
  for (const Reclaimed& item : expected.reclaimed) count(item.gave_up ? "sweep gave up" : "sweep reclaimed");
  count("sweep");
  std::string difference = compare("sweep", show(expected), show(got));
  // Redis may look more often, but must miss nothing that time brings.
  auto due = due_of_work();
  if (expected.refill > 0) due = std::min(due.value_or(SystemTime::max()), now_ + kRefillPause);
  if (difference.empty() && due && (!swept->next_due || *swept->next_due > *due)) {
    difference = fmt::format("sweep: due at {}, but Redis comes at {}", show(due), show(swept->next_due));
  }
  return difference;
}

// When the next lease expires, retry is due or block ends. (The protocol's next_due() also counts what it remembers.)
std::optional<SystemTime> DifferentialPair::due_of_work() const {
  const QueueState view = model_.view(kEverything, now_);
  std::optional<SystemTime> due = view.blocked_until;
  for (const QueueState::Item& item : view.items) {
    if (item.status.place == SlotPlace::kDelayed && (!due || item.status.until < due)) due = item.status.until;
  }
  for (const Lease& lease : leases_) {
    if (model_.held_by(lease.id) && (!due || lease.deadline < *due)) due = lease.deadline;
  }
  return due;
}

std::string DifferentialPair::refill() {
  if (refill_ == 0) return {};
  std::vector<Sid> sids;
  for (int i = below(8); i > 0; --i) {
    const Sid sid = any_sid();
    if (std::ranges::find(sids, sid) == sids.end()) sids.push_back(sid);
  }
  const bool is_all = one_in(2);
  const bool had_beyond = model_.has_beyond();
  const auto expected = model_.refill(refill_, sids, is_all, now_);
  const auto got = redis::parse_admitted(run(scripts_.refill, redis::refill_words(clock(), refill_, sids, is_all)));
  count("refill");
  if (had_beyond && !model_.has_beyond()) count("refill of all");
  return compare(fmt::format("refill({}, {} recordings{})", refill_, sids.size(), is_all ? ", all" : ""),
                 show(expected), show(got));
}

std::string DifferentialPair::recover() {
  const bool is_stale = epoch_ > 0 && one_in(4);
  const std::int64_t epoch = is_stale ? epoch_ : epoch_ + 1;
  const int limit = 1 + below(4);
  const Milliseconds hold = one_in(2) ? any_time(20'000) : Milliseconds{0};
  std::vector<RecoveredEntry> entries;
  const int size = epoch_ == 0 ? 0 : below(sids_);
  for (int i = 0; i < size; ++i) {
    RecoveredEntry entry{any_sid(), any_lane(), one_in(4), std::nullopt, ""};
    if (one_in(4)) {
      entry.retry_at = now_ + any_time(10'000) - Milliseconds{2'000};
      entry.why = "it failed before";
    }
    entries.push_back(entry);
  }
  SystemTime held_until = hold.count() > 0 ? now_ + hold : SystemTime{};
  if (!is_stale) {
    // The scripts hold for the leases that they end; the caller of the protocol passes that hold.
    for (const Lease& lease : leases_) {
      const bool is_held = model_.held_by(lease.id).has_value();
      if (is_held && lease.deadline > now_) held_until = std::max(held_until, lease.deadline);
    }
    leases_.clear();
    old_leases_.clear();
  }
  const bool has_beyond = one_in(4);
  const auto expected = model_.recover(epoch, limit, entries, has_beyond, held_until, now_);
  Result<std::vector<Admitted>> got = std::vector<Admitted>{};
  const auto begun =
      redis::parse_recover(run(scripts_.recover, redis::begin_recovery_words(clock(), epoch, RecoverWhat::kAnything)));
  if (!begun) got = fail(begun.error());
  if (begun && begun->accepted == is_stale) return "a stale epoch was accepted, or a new one refused";
  for (const redis::Words& chunk : redis::recover_words(clock(), epoch, limit, entries, has_beyond, hold)) {
    if (!begun || !begun->accepted) break;
    const auto reply = redis::parse_recover(run(scripts_.recover, chunk));
    if (reply) {
      got = reply->admitted;
    } else {
      got = fail(reply.error());
    }
  }
  epoch_ = epoch;
  count(is_stale ? "recover stale" : "recover");
  return compare(fmt::format("recover({}, limit {}, {} entries)", epoch, limit, size), show(expected), show(got));
}

std::string DifferentialPair::compare_state() {
  const std::string broken = model_.broken_invariant(now_);
  // After the end of a block or a hold the next step admits, whichever it is.
  if (!broken.empty() && !broken.starts_with("a slot is free")) return "the protocol broke its own rule: " + broken;
  const auto got = redis::parse_view(run(scripts_.view, redis::view_words(clock(), kEverything)));
  std::string difference = compare("state", show(model_.view(kEverything, now_)), show(got));
  recent_.pop_back();
  if (difference.empty() && one_in(10)) {
    const Sid sid = any_sid();
    const auto status = redis::parse_status(run(scripts_.status, redis::status_words(clock(), sid)));
    difference = compare(fmt::format("status({})", show(sid)), show(model_.status(sid, now_)), show(status));
    recent_.pop_back();
  }
  if (difference.empty() && one_in(20)) difference = compare_keys();
  return difference;
}

// The four documented keys, as a person sees them.
std::string DifferentialPair::compare_keys() {
  const QueueState view = model_.view(kEverything, now_);
  std::vector<std::string> active;
  std::vector<std::string> played;
  for (const QueueState::Item& item : view.items) {
    const SlotPlace place = item.status.place;
    const bool is_active = place == SlotPlace::kGranted || place == SlotPlace::kRunning;
    if (is_active) active.push_back(item.sid.str());
    if (place == SlotPlace::kWaiting && item.status.lane == Lane::kPlay) played.push_back(item.sid.str());
    const std::string lock = redis_.text({"GET", keys_.inflight(business_, item.sid)});
    if (lock != (is_active ? "processing" : "")) return "rec_inflight of " + show(item.sid) + " is '" + lock + "'";
  }
  std::vector<std::string> slots = redis_.list({"SMEMBERS", keys_.slots(business_)});
  std::ranges::sort(slots);
  std::ranges::sort(active);
  if (slots != active) return "rec_slots is not the set of the active";
  if (redis_.list({"LRANGE", keys_.queue(business_), "0", "-1"}) != played) return "rec_queue is not the play lane";
  std::vector<std::string> queued = redis_.list({"SMEMBERS", keys_.queued(business_)});
  std::ranges::sort(queued);
  std::ranges::sort(played);
  if (queued != played) return "rec_queued is not the set of the play lane";
  return {};
}

std::string find_difference(ScriptsRedis& redis, const ScriptsUnderTest& scripts, std::uint64_t seed,
                            std::uint64_t operations, std::map<std::string, std::uint64_t>& counts) {
  std::mt19937_64 seeds(seed);
  for (std::uint64_t done = 0; done < operations;) {
    const std::uint64_t own_seed = seeds() >> 1U;
    DifferentialPair pair(redis, scripts, own_seed);
    for (std::uint64_t i = 0; i < kStepsOfABusiness && done < operations; ++i, ++done) {
      const std::string difference = pair.step();
      if (!difference.empty()) return fmt::format("seed {} (of {}), step {}: {}", own_seed, seed, i, difference);
    }
    for (const auto& [what, times] : pair.counts()) counts[what] += times;
    (void)redis.command({"FLUSHALL"});
  }
  return {};
}

}  // namespace tapedeck
