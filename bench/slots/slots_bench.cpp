// Uses the slots in a Redis as APIs and workers do, without a provider, files or rows, and prints its measures as one
// line of JSON. bench/slots.mjs starts the Redis and the peers.
//
//   slots_bench --redis unix:///tmp/redis.sock cycles --businesses 1000 --workers 64 --seconds 10

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "redis/client_factory.hpp"
#include "runtime/system_random.hpp"
#include "slots/redis/slot_store.hpp"

namespace tapedeck::bench {
namespace {

namespace asio = boost::asio;

// The longest wait of a claim.
constexpr Milliseconds kPatience{1'000};
constexpr std::size_t kIdBytes = 16;

class NoEvents final : public EventSink {
 public:
  void emit(const Event&) noexcept override {}
};

SteadyTime now() { return std::chrono::steady_clock::now(); }
double milliseconds(SteadyTime::duration time) { return std::chrono::duration<double, std::milli>(time).count(); }
double seconds(SteadyTime::duration time) { return std::chrono::duration<double>(time).count(); }

template <class T>
T need(Result<T> result) {
  if (result) return std::move(*result);
  fmt::print(stderr, "slots_bench: {}\n", result.error().detail);
  std::exit(1);
}

double quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::size_t>(static_cast<double>(values.size() - 1) * share);
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(at));
  return values[at];
}

// Jain's fairness, (sum x)^2 / (n sum x^2): 1 when all are equal.
double jain_index(const std::vector<double>& shares) {
  double sum = 0;
  double squares = 0;
  for (const double share : shares) {
    sum += share;
    squares += share * share;
  }
  return squares == 0 ? 0 : sum * sum / (static_cast<double>(shares.size()) * squares);
}

BusinessId business_id(std::size_t number) { return *BusinessId::parse(fmt::format("b{}", number)); }

// The client of one process.
class Member {
 public:
  Member(const redis::Url& url, Random& random, EventSink& events)
      : client_(need(redis::make_client(url, random))), slots_(*client_, events, false) {}
  [[nodiscard]] SlotStore& slots() noexcept { return slots_; }

 private:
  std::unique_ptr<redis::Client> client_;
  RedisSlotStore slots_;
};

class Bench {
 public:
  // As many as a small installation has processes: while one of them reads an answer, Redis serves the others.
  static constexpr std::size_t kMembers = 16;

  Bench(const std::string& url) {
    const redis::Url parsed = need(redis::parse_url(url));
    for (std::size_t i = 0; i < kMembers; ++i) members_.push_back(std::make_unique<Member>(parsed, random_, events_));
  }

  [[nodiscard]] asio::io_context& loop() noexcept { return loop_; }
  /// The clients of the processes, in turn.
  [[nodiscard]] SlotStore& slots() noexcept { return members_[next_member_++ % kMembers]->slots(); }
  [[nodiscard]] std::string new_id() { return random_.bytes(kIdBytes); }
  [[nodiscard]] Sid new_sid() { return *Sid::parse(fmt::format("CA{:032x}", ++last_sid_)); }

  /// Runs all tasks to their end.
  void run(std::vector<Task<>> tasks) {
    for (Task<>& task : tasks) {
      asio::co_spawn(loop_, std::move(task), [](std::exception_ptr failure) {
        if (failure) std::rethrow_exception(failure);
      });
    }
    loop_.restart();
    loop_.run();
  }

  Task<> request(BusinessId business, Lane lane) {
    auto answer = co_await slots().request(std::move(business), new_sid(), lane, new_id());
    need(std::move(answer));
  }

  Task<std::optional<Claim>> claim(std::string worker, Milliseconds patience = kPatience) {
    auto claimed = co_await slots().claim(std::move(worker), LaneFilter::kAny, new_id(), patience, {});
    co_return need(std::move(claimed));
  }

  Task<> finish(const Claim& claim) {
    LeaseRef lease{claim.business, claim.sid, claim.lease};
    FinishOutcome outcome{FinishKind::kDone, std::nullopt, {}};
    auto finished = co_await slots().finish(std::move(lease), std::move(outcome));
    need(std::move(finished));
  }

  /// finish() together with the next claim, as a worker without room does.
  Task<std::optional<Claim>> finish_and_claim(const Claim& claim, std::string worker) {
    LeaseRef lease{claim.business, claim.sid, claim.lease};
    FinishOutcome outcome{FinishKind::kDone, std::nullopt, {}};
    ClaimWish next{std::move(worker), LaneFilter::kAny, new_id()};
    auto both = co_await slots().finish_and_claim(std::move(lease), std::move(outcome), std::move(next));
    co_return need(std::move(both)).claim;
  }

  Task<> sleep(SteadyTime::duration time) {
    asio::steady_timer timer(loop_, time);
    co_await timer.async_wait(asio::use_awaitable);
  }

  /// Makes businesses known to an empty Redis, as the first request of each does.
  void establish(std::size_t businesses) {
    std::size_t next = 0;
    std::vector<Task<>> tasks;
    const auto founder = [](Bench& bench, std::size_t& next_one, std::size_t count) -> Task<> {
      while (next_one < count) co_await bench.establish_one(business_id(next_one++));
    };
    tasks.reserve(kAtOnce + 1);
    for (std::size_t i = 0; i < kAtOnce; ++i) tasks.push_back(founder(*this, next, businesses));
    run(std::move(tasks));
  }

  /// Adds so many waiting recordings to each business.
  void fill(std::size_t businesses, std::size_t each, Lane lane) {
    establish(businesses);
    std::size_t next = 0;
    std::vector<Task<>> tasks;
    const auto filler = [](Bench& bench, std::size_t& next_one, std::size_t count, std::size_t among,
                           Lane into) -> Task<> {
      while (next_one < count) co_await bench.request(business_id(next_one++ % among), into);
    };
    tasks.reserve(kAtOnce + 1);
    for (std::size_t i = 0; i < kAtOnce; ++i) tasks.push_back(filler(*this, next, businesses * each, businesses, lane));
    run(std::move(tasks));
  }

 private:
  static constexpr std::size_t kAtOnce = 256;
  static constexpr std::int64_t kFirstEpoch = 1;

  Task<> establish_one(BusinessId business) {
    auto begun = co_await slots().begin_recovery(business, kFirstEpoch, RecoverWhat::kOnlyLost);
    need(std::move(begun));
    auto recovered = co_await slots().recover(business, kFirstEpoch, kDefaultSlotLimit, Recovered(), Milliseconds{0});
    need(std::move(recovered));
  }

  asio::io_context loop_{1};
  SystemRandom random_;
  NoEvents events_;
  std::vector<std::unique_ptr<Member>> members_;
  std::size_t next_member_ = 0;
  std::uint64_t last_sid_ = 0;
};

// Complete cycles: all slots of each business are taken and two more recordings wait; each finish is followed by a
// request.
struct Cycles {
  std::size_t businesses = 1'000;
  std::size_t workers = 64;
  double seconds = 10;

  void run(Bench& bench) const {
    constexpr std::size_t kEach = kDefaultSlotLimit + 2;
    bench.fill(businesses, kEach, Lane::kPlay);
    std::uint64_t done = 0;
    const SteadyTime begin = now();
    const SteadyTime end =
        begin + std::chrono::duration_cast<SteadyTime::duration>(std::chrono::duration<double>(seconds));
    const auto worker = [](Bench& all, std::uint64_t& count, SteadyTime until, std::string name) -> Task<> {
      std::optional<Claim> claimed;
      while (now() < until) {
        if (!claimed) claimed = co_await all.claim(name);
        if (!claimed) continue;
        const BusinessId business = claimed->business;
        claimed = co_await all.finish_and_claim(*claimed, name);
        co_await all.request(business, Lane::kPlay);
        ++count;
      }
    };
    std::vector<Task<>> tasks;
    tasks.reserve(workers + 1);
    for (std::size_t i = 0; i < workers; ++i) tasks.push_back(worker(bench, done, end, fmt::format("w{}", i)));
    bench.run(std::move(tasks));
    const double took = bench::seconds(now() - begin);
    fmt::print("{{\"cycles\":{},\"seconds\":{:.3f},\"per_second\":{:.0f}}}\n", done, took,
               static_cast<double>(done) / took);
  }
};

// From the finish on one worker to the next start on another. One slot, so that each start waits for a finish.
struct HandOff {
  std::size_t times = 2'000;

  void run(Bench& bench) const {
    const BusinessId business = business_id(0);
    bench.establish(1);
    std::vector<double> waits;
    const auto play = [](Bench& all, BusinessId of, std::size_t count, std::vector<double>& measured) -> Task<> {
      auto limited = co_await all.slots().set_limit(of, 1);
      need(std::move(limited));
      for (std::size_t i = 0; i < count + 1; ++i) co_await all.request(of, Lane::kPlay);
      auto running = co_await all.claim("first");
      for (std::size_t i = 0; i < count && running; ++i) {
        std::optional<Claim> next;
        SteadyTime started;
        bool is_done = false;
        asio::steady_timer over(all.loop(), SteadyTime::max());
        const auto other = [](Bench& b, std::optional<Claim>& got, SteadyTime& at, bool& done,
                              asio::steady_timer& wake) -> Task<> {
          got = co_await b.claim("other", Milliseconds{5'000});
          at = now();
          done = true;
          wake.cancel();
        };
        asio::co_spawn(all.loop(), other(all, next, started, is_done, over), asio::detached);
        co_await all.sleep(std::chrono::milliseconds(1));  // it waits in Redis now
        const SteadyTime finished = now();
        co_await all.finish(*running);
        boost::system::error_code woken;
        if (!is_done) co_await over.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        measured.push_back(milliseconds(started - finished));
        running = std::move(next);
      }
    };
    std::vector<Task<>> tasks;
    tasks.push_back(play(bench, business, times, waits));
    bench.run(std::move(tasks));
    fmt::print("{{\"hand_offs\":{},\"p50_ms\":{:.3f},\"p99_ms\":{:.3f}}}\n", waits.size(), quantile(waits, 0.5),
               quantile(waits, 0.99));
  }
};

// Leaves so many waiting recordings, for a look by others.
struct Fill {
  std::size_t businesses = 1'000;
  std::size_t each = 1;
  bool fetch = false;

  void run(Bench& bench) const {
    const SteadyTime begin = now();
    bench.fill(businesses, each, fetch ? Lane::kFetch : Lane::kPlay);
    fmt::print("{{\"waiting\":{},\"seconds\":{:.3f}}}\n", businesses * each, seconds(now() - begin));
  }
};

// Each kind of transition equally often, on existing recordings.
struct Mix {
  std::size_t businesses = 1'000;
  std::size_t cycles = 10'000;
  std::size_t workers = 16;

  void run(Bench& bench) const {
    std::size_t left = cycles;
    const auto worker = [](Bench& all, std::size_t& more, std::size_t among) -> Task<> {
      while (more > 0) {
        --more;
        const auto claimed = co_await all.claim("mix");
        if (!claimed) continue;
        std::vector<LeaseRef> lease{{claimed->business, claimed->sid, claimed->lease}};
        auto renewed = co_await all.slots().renew(std::move(lease));
        need(std::move(renewed));
        co_await all.finish(*claimed);
        co_await all.request(claimed->business, Lane::kPlay);
        auto status = co_await all.slots().status(business_id(more % among), claimed->sid);
        need(std::move(status));
      }
    };
    std::vector<Task<>> tasks;
    tasks.reserve(workers + 1);
    for (std::size_t i = 0; i < workers; ++i) tasks.push_back(worker(bench, left, businesses));
    bench.run(std::move(tasks));
    fmt::print("{{\"cycles\":{}}}\n", cycles);
  }
};

// All businesses have the same amount of work. Counts the starts of each when half of the work is done.
struct Fairness {
  std::size_t businesses = 1'000;
  std::size_t each = 20;
  std::size_t workers = 64;
  double service_ms = 5;

  void run(Bench& bench) const {
    bench.fill(businesses, each, Lane::kPlay);
    std::unordered_map<std::string, double> starts;
    std::size_t started = 0;
    const auto worker = [](Bench& all, const Fairness& run, std::size_t& count,
                           std::unordered_map<std::string, double>& by_business) -> Task<> {
      while (count < run.businesses * run.each / 2) {
        const auto claimed = co_await all.claim("fair");
        if (!claimed) continue;
        ++count;
        ++by_business[claimed->business.str()];
        co_await all.sleep(std::chrono::duration_cast<SteadyTime::duration>(
            std::chrono::duration<double, std::milli>(run.service_ms)));
        co_await all.finish(*claimed);
      }
    };
    std::vector<Task<>> tasks;
    tasks.reserve(workers + 1);
    for (std::size_t i = 0; i < workers; ++i) tasks.push_back(worker(bench, *this, started, starts));
    bench.run(std::move(tasks));
    std::vector<double> shares;
    shares.reserve(businesses);
    for (std::size_t i = 0; i < businesses; ++i) shares.push_back(starts[business_id(i).str()]);
    fmt::print("{{\"starts\":{},\"jain\":{:.4f}}}\n", started, jain_index(shares));
  }
};

// One business has a long queue. Measures the wait of businesses with one recording each, and of a press of the busy
// business itself when its automatic lane is full.
struct Neighbours {
  std::size_t waiting = 100'000;
  std::size_t others = 100;
  std::size_t workers = 128;
  double service_ms = 200;

  void run(Bench& bench) const {
    bench.establish(others + 1);
    bench.fill(1, waiting, Lane::kFetch);
    struct Asked {
      BusinessId business;
      SteadyTime at;
      double waited_ms = -1;
    };
    std::unordered_map<std::string, Asked> asked;  // by SID
    std::size_t open = others + 1;
    const auto worker = [](Bench& all, double service, std::unordered_map<std::string, Asked>& of,
                           std::size_t& left) -> Task<> {
      while (left > 0) {
        const auto claimed = co_await all.claim("neighbours", Milliseconds{200});
        if (!claimed) continue;
        if (const auto found = of.find(claimed->sid.str()); found != of.end()) {
          found->second.waited_ms = milliseconds(now() - found->second.at);
          --left;
        }
        co_await all.sleep(
            std::chrono::duration_cast<SteadyTime::duration>(std::chrono::duration<double, std::milli>(service)));
        co_await all.finish(*claimed);
      }
    };
    const auto asker = [](Bench& all, std::size_t count, std::unordered_map<std::string, Asked>& of) -> Task<> {
      co_await all.sleep(std::chrono::seconds(1));  // the slots of the great one are taken
      for (std::size_t i = 0; i <= count; ++i) {
        const BusinessId business = business_id(i);
        const Sid sid = all.new_sid();
        of.emplace(sid.str(), Asked{business, now()});
        auto answer = co_await all.slots().request(business, sid, Lane::kPlay, all.new_id());
        need(std::move(answer));
      }
    };
    std::vector<Task<>> tasks;
    tasks.reserve(workers + 1);
    for (std::size_t i = 0; i < workers; ++i) tasks.push_back(worker(bench, service_ms, asked, open));
    tasks.push_back(asker(bench, others, asked));
    bench.run(std::move(tasks));
    double press = 0;
    std::vector<double> waits;
    for (const auto& [sid, one] : asked) {
      if (one.business == business_id(0))
        press = one.waited_ms;
      else
        waits.push_back(one.waited_ms);
    }
    fmt::print("{{\"others_max_ms\":{:.1f},\"press_ms\":{:.1f},\"service_ms\":{:.0f}}}\n", quantile(waits, 1), press,
               service_ms);
  }
};

int run(int count, char** words) {
  CLI::App app("Drives the slots in a Redis.");
  std::string url;
  app.add_option("--redis", url, "as REDIS_URL")->required();
  app.require_subcommand(1);
  Cycles cycles;
  auto* of_cycles = app.add_subcommand("cycles", "request, claim, finish with hand-off");
  of_cycles->add_option("--businesses", cycles.businesses);
  of_cycles->add_option("--workers", cycles.workers);
  of_cycles->add_option("--seconds", cycles.seconds);
  HandOff hand_off;
  app.add_subcommand("hand-off", "a finish to the next start on another worker")->add_option("--times", hand_off.times);
  Fill fill;
  auto* of_fill = app.add_subcommand("fill", "leave recordings waiting");
  of_fill->add_option("--businesses", fill.businesses);
  of_fill->add_option("--each", fill.each);
  of_fill->add_flag("--fetch", fill.fetch, "in the automatic lane");
  Mix mix;
  auto* of_mix = app.add_subcommand("mix", "each kind of transition equally often");
  of_mix->add_option("--businesses", mix.businesses);
  of_mix->add_option("--cycles", mix.cycles);
  Fairness fairness;
  auto* of_fairness = app.add_subcommand("fairness", "who is started how often");
  of_fairness->add_option("--businesses", fairness.businesses);
  of_fairness->add_option("--each", fairness.each);
  Neighbours neighbours;
  auto* of_neighbours = app.add_subcommand("neighbours", "a press beside a great queue");
  of_neighbours->add_option("--waiting", neighbours.waiting);
  CLI11_PARSE(app, count, words);

  Bench bench(url);
  const std::string chosen = app.get_subcommands().front()->get_name();
  if (chosen == "cycles") cycles.run(bench);
  if (chosen == "hand-off") hand_off.run(bench);
  if (chosen == "fill") fill.run(bench);
  if (chosen == "mix") mix.run(bench);
  if (chosen == "fairness") fairness.run(bench);
  if (chosen == "neighbours") neighbours.run(bench);
  return 0;
}

}  // namespace
}  // namespace tapedeck::bench

int main(int count, char** words) { return tapedeck::bench::run(count, words); }
