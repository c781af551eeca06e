#include "slots/memory/memory_slot_store.hpp"

#include <optional>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "runtime/run_task.hpp"

namespace tapedeck {
namespace {

class NoEvents final : public EventSink {
 public:
  void emit(const Event&) noexcept override {}
};

// Moves on by a step at each look, as a clock does on a busy machine.
class SteppingClock final : public Clock {
 public:
  [[nodiscard]] SystemTime system_now() const override { return SystemTime{Milliseconds{1'795'000'000'000}}; }
  [[nodiscard]] SteadyTime steady_now() const override { return std::exchange(now_, now_ + step); }
  [[nodiscard]] Task<> sleep_until(SteadyTime, std::stop_token) override { co_return; }
  void advance(Milliseconds time) { now_ += time; }

  Milliseconds step{0};

 private:
  mutable SteadyTime now_{};
};

Task<> claim_into(MemorySlotStore& slots, std::optional<Claim>& claimed) {
  auto answer = co_await slots.claim("worker", LaneFilter::kAny, "third", Milliseconds{60'000}, {});
  if (answer) claimed = *answer;
}

TEST(MemorySlotStore, a_sweep_that_leaves_its_business_due_wakes_the_claims_that_wait) {
  const BusinessId acme = *BusinessId::parse("acme");
  const Sid first = *Sid::parse("CA" + std::string(32, '1'));
  const Sid second = *Sid::parse("CA" + std::string(32, '2'));
  SteppingClock clock;
  NoEvents events;
  MemorySlotStore slots(clock, events, 2);
  for (const Sid& sid : {first, second}) {
    ASSERT_TRUE(run_task(slots.request(acme, sid, Lane::kPlay, sid.str())));
    ASSERT_TRUE(*run_task(slots.claim("dies", LaneFilter::kAny, sid.str(), Milliseconds{0}, {})));
    clock.advance(Milliseconds{2});
  }
  boost::asio::io_context loop;
  std::optional<Claim> claimed;
  boost::asio::co_spawn(loop, claim_into(slots, claimed), boost::asio::detached);
  loop.poll();
  ASSERT_FALSE(claimed);

  // The first lease has ended. The second one ends while the sweep looks.
  clock.advance(kLeaseTtl - Milliseconds{4});
  clock.step = Milliseconds{1};
  const auto swept = run_task(slots.sweep());
  ASSERT_TRUE(swept);
  EXPECT_FALSE(swept->admitted.empty());
  loop.poll();
  ASSERT_TRUE(claimed);
  EXPECT_EQ(claimed->sid, first);
}

}  // namespace
}  // namespace tapedeck
