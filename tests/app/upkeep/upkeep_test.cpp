#include "app/upkeep/upkeep.hpp"

#include <boost/asio/this_coro.hpp>

#include "app/upkeep_names.hpp"
#include "runtime/task_scope.hpp"
#include "tests/app/upkeep/upkeep_world.hpp"

// One process at a time does the upkeep.

namespace tapedeck {
namespace {

class UpkeepTest : public UpkeepWorld {
 protected:
  // A process's share of it.
  struct Process {
    Process(UpkeepWorld&, const Upkeep::Dependencies& dependencies, std::string name)
        : upkeep(dependencies, std::move(name), true) {}
    Upkeep upkeep;
    std::stop_source stop;
  };

  Upkeep::Dependencies dependencies() { return {rows, rows, rows, slots, requests, missed, storage, clock, events}; }

  // Both run until `until` has passed on the clock; then they are stopped.
  Task<bool> run_for(std::vector<Process*> processes, Milliseconds until) {
    const auto executor = co_await boost::asio::this_coro::executor;
    TaskScope scope(executor, [](std::exception_ptr) { ADD_FAILURE(); });
    for (Process* process : processes) scope.spawn(process->upkeep.run(executor, process->stop.get_token()));
    co_await clock.sleep_for(until, {});
    holders_ = static_cast<int>(std::ranges::count_if(processes, [](Process* one) { return one->upkeep.has_lease(); }));
    for (Process* process : processes) process->stop.request_stop();
    co_await scope.join();
    co_return true;
  }

  MissedWebhooks missed{{rows, rows, rows, businesses, listing, webhooks, clock, events}};
  StorageCheck storage{{rows, rows, blobs, source, businesses, requests, clock, events}};
  int holders_ = 0;
};

TEST_F(UpkeepTest, of_two_processes_one_has_the_lease_and_gives_it_back_at_its_end) {
  Process first(*this, dependencies(), "first");
  Process second(*this, dependencies(), "second");
  ASSERT_TRUE(run(run_for({&first, &second}, Milliseconds(20'000))));
  EXPECT_EQ(holders_, 1);
  EXPECT_FALSE(run(rows.is_leased(kUpkeepLease, clock.system_now())).value());
}

TEST_F(UpkeepTest, waits_for_the_lease_of_a_process_that_died) {
  ASSERT_TRUE(run(rows.take_lease(kUpkeepLease, "dead", clock.system_now(), kUpkeepLeaseTtl)));
  Process first(*this, dependencies(), "first");
  ASSERT_TRUE(run(run_for({&first}, kUpkeepLeaseTtl - Milliseconds(1))));
  EXPECT_EQ(holders_, 0);
  Process second(*this, dependencies(), "second");
  ASSERT_TRUE(run(run_for({&second}, kUpkeepLeaseEvery + Milliseconds(1))));
  EXPECT_EQ(holders_, 1);
}

TEST_F(UpkeepTest, brings_the_slot_store_what_an_import_writes_down_meanwhile) {
  (void)run(rows.open_import(acme, {account(1), {}, {}}, false, clock.system_now()));
  ASSERT_TRUE(run(rows.announce(acme, listed(1, clock.system_now()).told, clock.system_now())));
  Process process(*this, dependencies(), "one");
  ASSERT_TRUE(run(run_for({&process}, Milliseconds(2'500))));
  EXPECT_EQ(run(slots.view(acme, 10)).value().active, 1);
}

TEST_F(UpkeepTest, looks_at_once_when_somebody_wants_it) {
  provider.recordings.push_back(listed(1, clock.system_now()));
  clock.advance(kWebhookPatience + Milliseconds(1));
  Process process(*this, dependencies(), "one");
  ASSERT_TRUE(run(run_for({&process}, Milliseconds(5'000))));
  EXPECT_FALSE(find(1));
  const UpkeepMark back{format_rfc3339(clock.system_now() - Seconds(3'600)), std::nullopt};
  const UpkeepMark wanted{"now", std::nullopt};
  ASSERT_TRUE(run(rows.put_mark(listing_mark(account(1)), back)));
  ASSERT_TRUE(run(rows.put_mark(kWantedMark, wanted)));
  Process again(*this, dependencies(), "again");
  ASSERT_TRUE(run(run_for({&again}, Milliseconds(5'000))));
  EXPECT_TRUE(find(1));
}

}  // namespace
}  // namespace tapedeck
