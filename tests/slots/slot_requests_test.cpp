#include "slots/slot_requests.hpp"

#include <memory>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "runtime/run_task.hpp"
#include "slots/memory/memory_slot_store.hpp"
#include "tests/fakes/memory_call_store.hpp"
#include "tests/fakes/seeded_random.hpp"
#include "tests/fakes/virtual_clock.hpp"

namespace tapedeck {
namespace {

class NoEvents final : public EventSink {
 public:
  void emit(const Event&) noexcept override {}
};

class SlotRequestsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Business business;
    business.id = acme_;
    ASSERT_TRUE(run_task(calls_.put_business(business)));
  }
  using Pending = std::unique_ptr<SlotRequests::Pending>;
  Pending begin(std::size_t number) {
    return std::make_unique<SlotRequests::Pending>(requests_, acme_, *Sid::parse(fmt::format("CA{:032x}", number)));
  }

  const BusinessId acme_ = *BusinessId::parse("acme");
  MemoryCallStore calls_;
  VirtualClock clock_;
  NoEvents events_;
  SeededRandom random_{1};
  MemorySlotStore slots_{clock_, events_, kDefaultSlotLimit};
  Businesses businesses_{calls_, clock_, ProviderDefaults{}};
  BusinessRules rules_{slots_, businesses_};
  SlotRecovery recovery_{calls_, calls_, slots_, businesses_, clock_, kLeaseTtl};
  SlotRequests requests_{slots_, rules_, recovery_, clock_, random_};
};

TEST_F(SlotRequestsTest, a_business_is_not_rebuilt_while_more_requests_are_pending_than_are_listed) {
  std::vector<Pending> pending;
  for (std::size_t i = 0; i < kPendingRequestsMax; ++i) pending.push_back(begin(i));
  EXPECT_TRUE(run_task(requests_.rebuild(acme_)));
  pending.push_back(begin(0));  // listed already
  EXPECT_TRUE(run_task(requests_.rebuild(acme_)));
  pending.push_back(begin(kPendingRequestsMax));
  const auto refused = run_task(requests_.rebuild(acme_));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().errc(), Errc::kUnavailable);
  EXPECT_EQ(refused.error().detail, "more than 10000 requests are pending; the slots are rebuilt when there are fewer");
  pending.pop_back();
  EXPECT_TRUE(run_task(requests_.rebuild(acme_)));
}

}  // namespace
}  // namespace tapedeck
