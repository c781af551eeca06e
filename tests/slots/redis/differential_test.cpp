// The same random operations on the pure protocol and on the scripts in a real Redis: equal answers and equal state
// after each. What the protocol's own tests, its simulation and its model find out then holds for the scripts.

#include <cstdlib>
#include <iostream>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/fakes/redis_process.hpp"
#include "tests/slots/redis/differential_pair.hpp"

namespace tapedeck {
namespace {

constexpr std::uint64_t kOperations = 100'000;
constexpr std::uint64_t kFullOperations = 5'000'000;
// Operations within which the comparison must find a planted fault.
constexpr std::uint64_t kPlantedOperations = 20'000;

std::uint64_t operations_of_this_run() {
  const char* full = std::getenv("TAPEDECK_FULL");
  return full != nullptr && std::string_view(full) == "1" ? kFullOperations : kOperations;
}

// TAPEDECK_SEED repeats a run.
std::uint64_t seed_of_this_run() {
  const char* given = std::getenv("TAPEDECK_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
}

class Differential : public ::testing::Test {
 protected:
  RedisProcess server_;
  ScriptsRedis redis_{server_.socket_path()};
  std::map<std::string, std::uint64_t> counts_;
};

TEST_F(Differential, the_scripts_answer_as_the_protocol_does_and_leave_the_same_state) {
  const std::uint64_t seed = seed_of_this_run();
  std::cout << "TAPEDECK_SEED=" << seed << '\n';
  const std::uint64_t half = operations_of_this_run() / 2;
  ASSERT_EQ(find_difference(redis_, ScriptsUnderTest(), seed, half, counts_), "");
  // Again with small thresholds, so that both sides of them occur often.
  ScriptsUnderTest small;
  small.plant("local MIRROR_FROM = 64", "local MIRROR_FROM = 3");
  small.plant("local FORGET_BATCH = 100", "local FORGET_BATCH = 2");
  small.set_fetch_window(3);
  ASSERT_EQ(find_difference(redis_, small, seed + 1, half, counts_), "");
  for (const auto& [what, times] : counts_) std::cout << fmt::format("{:>9} {}\n", times, what);
  // Each kind must have occurred, or this compares less than it says.
  for (const char* what : {"request 0",
                           "request 1",
                           "request 2",
                           "request 3",
                           "request 4",
                           "claim",
                           "claim nothing",
                           "request 5",
                           "sweep wants refill",
                           "refill",
                           "refill of all",
                           "renew",
                           "finish",
                           "finish not held",
                           "finish repeated",
                           "finish and claim",
                           "finish and claim nothing",
                           "block",
                           "unblock",
                           "cancel 0",
                           "cancel 1",
                           "cancel 2",
                           "set_limit",
                           "sweep",
                           "sweep reclaimed",
                           "sweep gave up",
                           "recover",
                           "recover stale"}) {
    EXPECT_GT(counts_[what], 0U) << what;
  }
}

struct Fault {
  const char* name;
  std::vector<std::pair<const char*, const char*>> changes;  // of the scripts' text
};
void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }
std::string fault_name(const ::testing::TestParamInfo<Fault>& fault) { return fault.param.name; }

class PlantedInScripts : public Differential, public ::testing::WithParamInterface<Fault> {};

TEST_P(PlantedInScripts, the_comparison_finds_it) {
  ScriptsUnderTest scripts;
  for (const auto& [from, to] : GetParam().changes) scripts.plant(from, to);
  const std::string difference = find_difference(redis_, scripts, seed_of_this_run(), kPlantedOperations, counts_);
  EXPECT_NE(difference, "") << "the differential does not see it";
  // A script that fails is no proof.
  EXPECT_EQ(difference.find("error "), std::string::npos) << difference;
  std::cout << difference.substr(0, difference.find("\n  the last steps")) << '\n';
}

INSTANTIATE_TEST_SUITE_P(
    Faults, PlantedInScripts,
    ::testing::Values(
        Fault{"release_without_ownership",
              {{"  active = call('SCARD', slots)\n  answer = {0, 0, 0, 0, active, limit}",
                "  call('SREM', slots, ARGV[4])\n  call('ZREM', activity, ARGV[4])\n  active = call('SCARD', slots)\n  "
                "answer "
                "= {0, 0, 0, 0, active, limit}"}}},
        Fault{"newcomer_overtakes",
              {{"if call('RPUSH', queue, sid) ~= play_waits", "if call('LPUSH', queue, sid) ~= play_waits"},
               {"call('ZADD', 'rec_order:' .. tag, next_rank, sid)",
                "call('ZADD', 'rec_order:' .. tag, -next_rank, sid)"}}},
        Fault{
            "lost_wake_up",
            {{"  elseif active < limit and play_waits == 0", "  elseif active == 0 and play_waits == 0"},
             {"if tail_lane then next_rank = next_rank + 1 end",
              "if tail_lane then next_rank = next_rank + 1 end\nlocal true_limit = limit\nif tail_lane then limit = 0 "
              "end"},
             {"if is_new and not (is_foreign", "limit = true_limit\nif is_new and not (is_foreign"}}},
        Fault{"retry_outside_the_limit",
              {{"call('HSET', KEYS[1], sid, cmsgpack.pack(DELAYED + lane, kind, reclaims, op))\n      call('ZADD', "
                "delayed, "
                "retry_at, sid)",
                "call('HSET', KEYS[1], sid, cmsgpack.pack(lane, kind, reclaims, op))\n      call('SADD', slots, sid)\n "
                "     "
                "call('SET', inflight .. sid, 'processing', 'EX', '120')\n      call('ZADD', activity, FETCH_GRANT - "
                "2, sid)"}}},
        // Counts up with each grant and down with each finish, and ignores everything else that frees a slot.
        Fault{"counter_instead_of_set",
              {{"local active = call('SCARD', slots)",
                "local active = tonumber(call('GET', 'rec_count:' .. tag) or '0')"},
               {"active = active + call('SADD', slots, sid)",
                "call('SADD', slots, sid)\n    active = call('INCR', 'rec_count:' .. tag)"},
               {"  active = call('SCARD', slots)\n  answer = {0, 0, 1, 0, active, limit}",
                "  active = call('DECR', 'rec_count:' .. tag)\n  answer = {0, 0, 1, 0, active, limit}"}}},
        Fault{"share_forgotten", {{"local FETCH_SHARE = 8", "local FETCH_SHARE = 9"}}},
        Fault{"due_retry_to_the_head", {{"push_back(sid, state - DELAYED)", "push_front(sid, state - DELAYED)"}}},
        Fault{"reclaim_to_the_tail",
              {{"push_front(item.sid, item.lane)\n  end\n  local at",
                "push_back(item.sid, item.lane)\n  end\n  local at"}}},
        Fault{"hold_forgotten", {{"if not (now < hold or block_until == -1", "if not (block_until == -1"}}}),
    fault_name);

}  // namespace
}  // namespace tapedeck
