#include "app/upkeep/upkeep.hpp"

#include <stdexcept>

#include <boost/asio/this_coro.hpp>

#include "app/upkeep_names.hpp"
#include "runtime/task_scope.hpp"
#include "tests/app/upkeep/upkeep_world.hpp"

// How the loop runs the tasks of a table.

namespace tapedeck {
namespace {

class UpkeepLoopTest : public UpkeepWorld {
 protected:
  // Notes when it ran, and ends as the test says.
  struct Noted {
    Task<Result<void>> run(Clock& clock) {
      times.push_back(clock.steady_now());
      if (throws > 0) {
        --throws;
        throw std::runtime_error("the list is on fire");
      }
      if (fails > 0) {
        --fails;
        co_return fail(cause, "the store is away");
      }
      co_return Result<void>();
    }
    std::vector<SteadyTime> times;
    int throws = 0;
    int fails = 0;
    Errc cause = Errc::kUnavailable;
  };

  UpkeepTask row(std::string_view name, Milliseconds interval, bool needs_lease, Noted& noted) {
    return {name, interval, needs_lease, [&noted, this](std::stop_token) { return noted.run(clock); }};
  }
  /// The table runs for this long on the clock.
  void run_for(std::vector<UpkeepTask> table, Milliseconds duration) {
    ASSERT_TRUE(run(run_table(std::move(table), duration)));
  }
  Task<bool> run_table(std::vector<UpkeepTask> table, Milliseconds duration) {
    const auto executor = co_await boost::asio::this_coro::executor;
    TaskScope scope(executor, [](std::exception_ptr) { ADD_FAILURE(); });
    scope.spawn(run_upkeep(std::move(table), &lease, clock, events, stop.get_token()));
    co_await clock.sleep_for(duration, {});
    stop.request_stop();
    co_await scope.join();
    co_return true;
  }
  std::vector<Milliseconds> pauses(const Noted& noted) {
    std::vector<Milliseconds> found;
    for (std::size_t i = 1; i < noted.times.size(); ++i) {
      found.push_back(std::chrono::floor<Milliseconds>(noted.times[i] - noted.times[i - 1]));
    }
    return found;
  }
  std::vector<Severity> severities(std::string_view name) {
    std::vector<Severity> found;
    for (const Event& event : events.events) {
      if (event.name == name) found.push_back(event.severity);
    }
    return found;
  }

  std::stop_source stop;
  UpkeepLease lease{rows, clock, "one"};
};

using namespace std::chrono_literals;

TEST_F(UpkeepLoopTest, a_task_runs_at_once_and_then_at_its_interval) {
  Noted noted;
  run_for({row("rules", 2s, false, noted)}, 7s);
  EXPECT_EQ(pauses(noted), (std::vector<Milliseconds>{2s, 2s, 2s}));
}

TEST_F(UpkeepLoopTest, a_task_that_breaks_is_logged_with_its_reason_and_started_again) {
  Noted noted{.times = {}, .throws = 1};
  run_for({row("imports", 1s, false, noted)}, 10s);
  EXPECT_EQ(events.lines("UPKEEP_FAILED"),
            std::vector<std::string>{R"(UPKEEP_FAILED task=imports detail="the list is on fire")"});
  EXPECT_GT(noted.times.size(), 2U);
}

TEST_F(UpkeepLoopTest, a_failing_task_backs_off_up_to_the_limit_until_it_succeeds) {
  Noted noted{.times = {}, .fails = 7};
  run_for({row("rules", 1s, false, noted)}, 150s);
  const std::vector<Milliseconds> expected{2s, 4s, 8s, 16s, kUpkeepRetryMax, kUpkeepRetryMax, kUpkeepRetryMax, 1s};
  const std::vector<Milliseconds> found = pauses(noted);
  ASSERT_GE(found.size(), expected.size());
  EXPECT_EQ(std::vector<Milliseconds>(found.begin(), found.begin() + std::ssize(expected)), expected);
}

TEST_F(UpkeepLoopTest, a_failing_task_with_a_long_interval_keeps_it) {
  Noted noted{.times = {}, .fails = 2};
  run_for({row("uploads", 3600s, false, noted)}, 7200s);
  EXPECT_EQ(pauses(noted).front(), 3600s);
}

TEST_F(UpkeepLoopTest, an_outage_is_one_warning_and_every_failure_is_an_event) {
  Noted noted{.times = {}, .fails = 3};
  run_for({row("rules", 1s, false, noted)}, 20s);
  EXPECT_EQ(severities("RECONCILE_FAILED"),
            (std::vector<Severity>{Severity::kWarning, Severity::kDebug, Severity::kDebug}));
  EXPECT_EQ(events.lines("RECONCILE_FAILED").front(),
            R"(RECONCILE_FAILED task=rules cause=unavailable detail="the store is away")");
}

TEST_F(UpkeepLoopTest, a_task_that_needs_the_lease_waits_for_it) {
  Noted noted;
  run_for({row("sources", 1s, true, noted)}, 5s);
  EXPECT_TRUE(noted.times.empty());
}

TEST_F(UpkeepLoopTest, the_lease_is_given_back_at_the_end) {
  ASSERT_TRUE(run(lease.renew()));
  Noted noted;
  run_for({row("sources", 1s, true, noted)}, 5s);
  EXPECT_FALSE(noted.times.empty());
  EXPECT_FALSE(run(rows.is_leased(kUpkeepLease, clock.system_now())).value());
}

TEST_F(UpkeepLoopTest, a_task_under_the_lease_is_stopped_when_the_lease_is_lost) {
  ASSERT_TRUE(run(lease.renew()));
  struct Endless {
    Task<Result<void>> run(Clock& clock, std::stop_token stop) {
      co_await clock.sleep_for(Milliseconds(3600s), stop);
      ended = clock.steady_now();
      co_return fail(Errc::kCancelled, "stopped");
    }
    SteadyTime ended;
  };
  Endless endless;
  Noted looks;
  const SteadyTime began = clock.steady_now();
  run_for({{"missed_webhooks", 1s, true, [&](std::stop_token token) { return endless.run(clock, token); }},
           {"lease_end", 1s, false,
            [&](std::stop_token) {
              (void)lease.is_held();
              return looks.run(clock);
            }}},
          60s);
  EXPECT_EQ(endless.ended - began, kUpkeepLeaseTtl);
  EXPECT_TRUE(events.lines("RECONCILE_FAILED").empty());
}

TEST_F(UpkeepLoopTest, a_lease_is_believed_until_its_end_while_the_store_is_away) {
  ASSERT_TRUE(run(lease.renew()));
  clock.advance(kUpkeepLeaseTtl - 1ms);
  EXPECT_TRUE(lease.is_held());
  clock.advance(1ms);
  EXPECT_FALSE(lease.is_held());
}

}  // namespace
}  // namespace tapedeck
