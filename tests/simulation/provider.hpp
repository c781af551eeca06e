#pragma once

#include <map>
#include <set>
#include <string>

#include "provider/recording_source.hpp"
#include "tests/fakes/seeded_random.hpp"
#include "tests/fakes/virtual_clock.hpp"
#include "tests/simulation/slot_checker.hpp"

namespace tapedeck::simulation {

/// The life of a process that may die. Then everything that it awaits throws Crashed, so that nothing after it runs.
struct Crashed : std::runtime_error {
  Crashed() : std::runtime_error("the simulated process has died") {}
};

struct Life {
  bool dead = false;
  std::stop_source killed;
  /// The slot store cannot be reached until then.
  SteadyTime cut_off_until{};

  void check() const {
    if (dead) throw Crashed();
  }
};

/// One stop token for two.
class EitherStop {
 public:
  EitherStop(const std::stop_token& a, const std::stop_token& b)
      : on_a_(a, Request{&both_}), on_b_(b, Request{&both_}) {}
  [[nodiscard]] std::stop_token token() const { return both_.get_token(); }

 private:
  struct Request {
    std::stop_source* source;
    void operator()() const { source->request_stop(); }
  };
  std::stop_source both_;
  std::stop_callback<Request> on_a_;
  std::stop_callback<Request> on_b_;
};

/// The provider's view of us: the open downloads, and how often each recording was fetched. Its faults follow the seed.
class Provider {
 public:
  Provider(VirtualClock& clock, SeededRandom& random, TransitionCounts& counts)
      : clock_(clock), random_(random), counts_(counts) {}

  double fault_probability = 0;
  /// Recordings that kill the worker that fetches them.
  std::set<std::string> poison;

  /// Most open downloads of a business; one more is a Violation.
  void allow(const AccountSid& account, int most) { allowed_[account.str()] = most; }

  [[nodiscard]] Task<FetchOutcome> fetch(FetchRequest request, FetchSink& sink, std::stop_token stop, Life& life);
  /// The kernel closes the sockets of a process that has died.
  void close_all_of(const Life& life);

  [[nodiscard]] int open_downloads() const noexcept { return static_cast<int>(open_.size()); }
  [[nodiscard]] int fetches_of(const std::string& recording) const;
  [[nodiscard]] static std::string body_of(const std::string& recording);

 private:
  struct Open {
    std::string account;
    std::string recording;
    const Life* life;
  };
  struct Download;

  [[nodiscard]] Result<void> random_fault();

  VirtualClock& clock_;
  SeededRandom& random_;
  TransitionCounts& counts_;
  std::map<std::string, int> allowed_;
  std::map<std::uint64_t, Open> open_;
  std::map<std::string, int> fetches_;
  std::uint64_t next_connection_ = 0;
};

}  // namespace tapedeck::simulation
