#include "slots/business_rules.hpp"

#include <gtest/gtest.h>

#include "runtime/run_task.hpp"
#include "slots/memory/memory_slot_store.hpp"
#include "tests/fakes/memory_call_store.hpp"
#include "tests/fakes/virtual_clock.hpp"

namespace tapedeck {
namespace {

class SilentEvents final : public EventSink {
 public:
  void emit(const Event&) noexcept override {}
};

class BusinessRulesTest : public ::testing::Test {
 protected:
  void put(int limit, bool paused = false) {
    Business business;
    business.id = id_;
    business.limit = limit;
    business.paused = paused;
    ASSERT_TRUE(run_task(rows_.put_business(business)));
  }
  QueueState view() { return run_task(slots_.view(id_, 10)).value(); }

  const BusinessId id_ = *BusinessId::parse("acme");
  MemoryCallStore rows_;
  VirtualClock clock_;
  SilentEvents events_;
  MemorySlotStore slots_{clock_, events_, kDefaultSlotLimit};
  Businesses businesses_{rows_, clock_, ProviderDefaults{}};
  BusinessRules rules_{slots_, businesses_};
};

TEST_F(BusinessRulesTest, a_business_is_learned_before_any_refresh) {
  put(1);
  ASSERT_TRUE(run_task(rules_.learn(id_)));
  EXPECT_EQ(view().limit, 1);
}

TEST_F(BusinessRulesTest, a_paused_business_is_learned_as_paused) {
  put(3, true);
  ASSERT_TRUE(run_task(rules_.learn(id_)));
  EXPECT_EQ(view().blocked_why, kPausedWhy);
}

TEST_F(BusinessRulesTest, a_business_that_is_known_is_not_read_again) {
  put(1);
  ASSERT_TRUE(run_task(rules_.refresh()));
  put(2);
  ASSERT_TRUE(run_task(rules_.learn(id_)));
  EXPECT_EQ(view().limit, 1);
}

TEST_F(BusinessRulesTest, a_refresh_carries_a_change_over) {
  put(1);
  ASSERT_TRUE(run_task(rules_.refresh()));
  put(5, true);
  ASSERT_TRUE(run_task(rules_.refresh()));
  EXPECT_EQ(view().limit, 5);
  EXPECT_EQ(view().blocked_why, kPausedWhy);
  put(5, false);
  ASSERT_TRUE(run_task(rules_.refresh()));
  EXPECT_EQ(view().blocked_why, "");
}

TEST_F(BusinessRulesTest, a_refresh_applies_once_more_what_was_only_learned) {
  put(2);
  ASSERT_TRUE(run_task(rules_.learn(id_)));
  ASSERT_TRUE(run_task(slots_.set_limit(id_, 9)));  // a process that read an older row was slower
  ASSERT_TRUE(run_task(rules_.refresh()));
  EXPECT_EQ(view().limit, 2);
}

TEST_F(BusinessRulesTest, rules_that_the_slot_store_has_forgotten_are_applied_again) {
  put(2, true);
  ASSERT_TRUE(run_task(rules_.refresh()));
  ASSERT_TRUE(run_task(slots_.set_limit(id_, kDefaultSlotLimit)));
  ASSERT_TRUE(run_task(slots_.unblock(id_)));
  ASSERT_TRUE(run_task(rules_.refresh()));
  EXPECT_EQ(view().limit, 2);
  EXPECT_EQ(view().blocked_why, kPausedWhy);
}

TEST_F(BusinessRulesTest, a_pause_that_a_killed_process_left_behind_ends) {
  put(3);
  ASSERT_TRUE(run_task(rules_.refresh()));
  ASSERT_TRUE(run_task(slots_.block(id_, std::nullopt, std::string(kPausedWhy))));
  ASSERT_TRUE(run_task(rules_.refresh()));
  EXPECT_EQ(view().blocked_why, "");
}

TEST_F(BusinessRulesTest, a_refresh_does_not_end_a_pause_of_the_provider) {
  put(3);
  ASSERT_TRUE(run_task(rules_.refresh()));
  ASSERT_TRUE(run_task(slots_.block(id_, clock_.system_now() + Milliseconds{60'000}, "429")));
  ASSERT_TRUE(run_task(rules_.refresh()));
  EXPECT_EQ(view().blocked_why, "429");
}

TEST_F(BusinessRulesTest, every_business_is_compared_in_its_turn) {
  std::vector<BusinessId> ids;
  for (std::size_t i = 0; i < 2 * kRulesCompared + 1; ++i) {
    Business business;
    business.id = *BusinessId::parse("b" + std::to_string(i));
    ids.push_back(business.id);
    ASSERT_TRUE(run_task(rows_.put_business(business)));
  }
  ASSERT_TRUE(run_task(rules_.refresh()));
  for (const BusinessId& id : ids) ASSERT_TRUE(run_task(slots_.set_limit(id, 9)));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(run_task(rules_.refresh()));
  for (const BusinessId& id : ids) EXPECT_EQ(run_task(slots_.view(id, 0)).value().limit, kDefaultSlotLimit);
}

TEST_F(BusinessRulesTest, an_unknown_business_is_no_error) {
  EXPECT_TRUE(run_task(rules_.learn(*BusinessId::parse("nobody"))));
}

}  // namespace
}  // namespace tapedeck
