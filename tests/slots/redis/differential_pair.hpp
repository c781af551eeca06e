#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "slots/protocol/slot_protocol.hpp"
#include "slots/redis/keys.hpp"
#include "slots/redis/slot_replies.hpp"
#include "slots/redis/slot_words.hpp"
#include "tests/slots/redis/scripts_redis.hpp"

namespace tapedeck {

/// The scripts as they are, or with a fault in their text.
class ScriptsUnderTest {
 public:
  ScriptsUnderTest() = default;
  /// Replaces each `from` by `to`. Throws if there is none, because then this fault tests nothing.
  void plant(const std::string& from, const std::string& to);
  /// Sets a small window, so that it is full at times.
  void set_fetch_window(int window);
  [[nodiscard]] const redis::SlotScripts& library() const noexcept { return library_; }
  [[nodiscard]] int fetch_window() const noexcept { return fetch_window_; }

 private:
  redis::SlotScripts library_;
  std::deque<std::string> texts_;  // of the changed ones
  int fetch_window_ = kFetchWindow;
};

/// One business twice: in the pure protocol, and in Redis. Does the same random operations on both on one virtual
/// clock. Compares every answer, and after each step everything that is visible.
class DifferentialPair {
 public:
  DifferentialPair(ScriptsRedis& redis, const ScriptsUnderTest& scripts, std::uint64_t seed);

  /// One random operation. The first difference, in words; empty: there is none.
  [[nodiscard]] std::string step();
  /// The number of operations of each kind, over all pairs.
  [[nodiscard]] const std::map<std::string, std::uint64_t>& counts() const noexcept { return counts_; }

 private:
  struct Lease {
    LeaseId id;
    Sid sid;
    SystemTime deadline;  // as the protocol knows it
  };

  std::string request();
  std::string claim();
  std::string renew();
  std::string finish();
  std::string finish_and_claim();
  std::string block();
  std::string unblock();
  std::string cancel();
  std::string set_limit();
  std::string sweep();
  std::string refill();
  std::string recover();
  // A lease to finish, and how.
  struct Ending {
    Lease lease;
    FinishOutcome outcome;
  };
  [[nodiscard]] Ending any_ending();
  void count_finish(const FinishAnswer& answer);
  void keep_lease(const LeaseId& id, const std::optional<ClaimAnswer>& claimed);
  [[nodiscard]] std::optional<SystemTime> due_of_work() const;
  std::string compare_state();
  std::string compare_keys();
  std::string compare(const std::string& what, const std::string& expected, const std::string& got);

  [[nodiscard]] redis::Reply run(const redis::Script& script, const redis::Words& words);
  [[nodiscard]] redis::TestClock clock() const { return now_; }
  [[nodiscard]] int below(int bound) { return static_cast<int>(random_() % static_cast<std::uint64_t>(bound)); }
  [[nodiscard]] bool one_in(int n) { return below(n) == 0; }
  [[nodiscard]] Sid any_sid();
  [[nodiscard]] Lane any_lane() { return one_in(2) ? Lane::kPlay : Lane::kFetch; }
  [[nodiscard]] Milliseconds any_time(int most_ms) { return Milliseconds{below(most_ms)}; }
  [[nodiscard]] std::string new_name(char kind);
  void forget_lease(const LeaseId& id);
  void count(const std::string& what) { ++counts_[what]; }

  ScriptsRedis& redis_;
  const redis::SlotScripts& scripts_;
  redis::Keys keys_{false};
  std::mt19937_64 random_;
  BusinessId business_;
  BusinessSlots model_;
  SystemTime now_;
  int sids_;
  bool workers_crash_;  // more often than they finish
  std::int64_t epoch_ = 0;
  std::int64_t refill_ = 0;  // from the last sweep that wanted one
  std::uint64_t names_ = 0;
  std::map<Sid, OperationId> last_op_;
  std::vector<Lease> leases_;      // that are held, or were until they expired
  std::vector<Lease> old_leases_;  // that were finished
  std::map<std::string, std::uint64_t> counts_;
  std::deque<std::string> recent_;  // the last steps, for a report
};

/// Runs pairs of businesses until `operations` are done. The first difference, in words; empty: there is none. `counts`
/// gets the number of operations of each kind.
[[nodiscard]] std::string find_difference(ScriptsRedis& redis, const ScriptsUnderTest& scripts, std::uint64_t seed,
                                          std::uint64_t operations, std::map<std::string, std::uint64_t>& counts);

}  // namespace tapedeck
