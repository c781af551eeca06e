#include "app/worker/provider_backoff.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace tapedeck {
namespace {

const SystemTime kNow{Milliseconds{1'795'000'000'000}};
const AccountSid kAccount = *AccountSid::parse("AC00000000000000000000000000000001");
const BusinessId kBusiness = *BusinessId::parse("dental");

TEST(ProviderBackoff, an_account_rests_as_long_as_the_provider_asks) {
  ProviderBackoff backoff;
  EXPECT_EQ(backoff.rate_limited(kAccount, Seconds{7}, kNow).until, kNow + Seconds{7});
  EXPECT_TRUE(backoff.of_account(kAccount, kNow + Milliseconds{6'999}));
  EXPECT_FALSE(backoff.of_account(kAccount, kNow + Seconds{7}));
}

TEST(ProviderBackoff, an_accounts_rest_doubles_up_to_a_limit) {
  ProviderBackoff backoff;
  SystemTime now = kNow;
  Milliseconds last{0};
  for (int i = 0; i < 12; ++i) {
    const Milliseconds rest = backoff.rate_limited(kAccount, std::nullopt, now).until - now;
    EXPECT_GE(rest, last);
    EXPECT_LE(rest, kRateLimitPauseMax);
    last = rest;
    now += rest;
  }
  EXPECT_EQ(last, kRateLimitPauseMax);
}

TEST(ProviderBackoff, answers_of_downloads_under_way_do_not_prolong_the_rest) {
  ProviderBackoff backoff;
  const SystemTime first = backoff.rate_limited(kAccount, std::nullopt, kNow).until;
  EXPECT_EQ(backoff.rate_limited(kAccount, std::nullopt, kNow).until, first);
}

TEST(ProviderBackoff, a_business_is_paused_after_three_refusals_in_a_row) {
  ProviderBackoff backoff;
  EXPECT_FALSE(backoff.refused(kBusiness, kNow));
  EXPECT_FALSE(backoff.refused(kBusiness, kNow));
  const auto pause = backoff.refused(kBusiness, kNow);
  ASSERT_TRUE(pause);
  EXPECT_EQ(pause->until, kNow + kRefusalPause);
}

AccountSid account(std::size_t n) { return *AccountSid::parse(fmt::format("AC{:032x}", n)); }

TEST(ProviderBackoff, accounts_beyond_the_most_are_paused_and_not_remembered) {
  ProviderBackoff backoff;
  for (std::size_t n = 0; n < kBackoffEntriesMax; ++n) {
    ASSERT_TRUE(backoff.rate_limited(account(n), Seconds{30}, kNow).is_remembered);
  }
  const auto beyond = backoff.rate_limited(account(kBackoffEntriesMax), Seconds{30}, kNow);
  EXPECT_FALSE(beyond.is_remembered);
  EXPECT_EQ(beyond.until, kNow + Seconds{30});
  EXPECT_FALSE(backoff.of_account(account(kBackoffEntriesMax), kNow));
  // Pauses that are over make room.
  EXPECT_TRUE(backoff.rate_limited(account(kBackoffEntriesMax), Seconds{30}, kNow + Seconds{30}).is_remembered);
}

TEST(ProviderBackoff, a_business_beyond_the_most_is_paused_at_its_first_refusal) {
  ProviderBackoff backoff;
  for (std::size_t n = 0; n < kBackoffEntriesMax; ++n) {
    ASSERT_FALSE(backoff.refused(*BusinessId::parse(fmt::format("b{}", n)), kNow));
  }
  const auto pause = backoff.refused(kBusiness, kNow);
  ASSERT_TRUE(pause);
  EXPECT_FALSE(pause->is_remembered);
}

TEST(ProviderBackoff, a_success_resets_the_refusals) {
  ProviderBackoff backoff;
  (void)backoff.refused(kBusiness, kNow);
  (void)backoff.refused(kBusiness, kNow);
  backoff.succeeded(kAccount, kBusiness);
  EXPECT_FALSE(backoff.refused(kBusiness, kNow));
}

}  // namespace
}  // namespace tapedeck
