#include "app/worker/provider_backoff.hpp"

#include <gtest/gtest.h>

namespace tapedeck {
namespace {

const SystemTime kNow{Milliseconds{1'795'000'000'000}};
const AccountSid kAccount = *AccountSid::parse("AC00000000000000000000000000000001");
const BusinessId kBusiness = *BusinessId::parse("dental");

TEST(ProviderBackoff, rests_as_long_as_the_provider_asks) {
  ProviderBackoff backoff;
  EXPECT_EQ(backoff.rate_limited(kAccount, Seconds{7}, kNow).until, kNow + Seconds{7});
  EXPECT_TRUE(backoff.of_account(kAccount, kNow + Milliseconds{6'999}));
  EXPECT_FALSE(backoff.of_account(kAccount, kNow + Seconds{7}));
}

TEST(ProviderBackoff, doubles_the_rest_with_each_refusal_up_to_a_limit) {
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

TEST(ProviderBackoff, answers_of_downloads_already_under_way_do_not_prolong_the_rest) {
  ProviderBackoff backoff;
  const SystemTime first = backoff.rate_limited(kAccount, std::nullopt, kNow).until;
  EXPECT_EQ(backoff.rate_limited(kAccount, std::nullopt, kNow).until, first);
}

TEST(ProviderBackoff, stops_a_business_after_three_refusals_in_a_row) {
  ProviderBackoff backoff;
  EXPECT_FALSE(backoff.refused(kBusiness, kNow));
  EXPECT_FALSE(backoff.refused(kBusiness, kNow));
  const auto pause = backoff.refused(kBusiness, kNow);
  ASSERT_TRUE(pause);
  EXPECT_EQ(pause->until, kNow + kRefusalPause);
}

TEST(ProviderBackoff, forgets_refusals_after_a_success) {
  ProviderBackoff backoff;
  (void)backoff.refused(kBusiness, kNow);
  (void)backoff.refused(kBusiness, kNow);
  backoff.succeeded(kAccount, kBusiness);
  EXPECT_FALSE(backoff.refused(kBusiness, kNow));
}

}  // namespace
}  // namespace tapedeck
