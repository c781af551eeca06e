#include "calls/businesses.hpp"

#include <gtest/gtest.h>

#include "app/calls.hpp"
#include "runtime/run_task.hpp"
#include "tests/fakes/memory_call_store.hpp"
#include "tests/fakes/virtual_clock.hpp"

namespace tapedeck {
namespace {

const AccountSid kDefaultAccount = AccountSid::parse("AC00000000000000000000000000000009").value();
const AccountSid kOwnAccount = AccountSid::parse("AC00000000000000000000000000000001").value();
const AccountSid kForeignAccount = AccountSid::parse("AC00000000000000000000000000000005").value();
const ProviderDefaults kDefaults{
    .account = kDefaultAccount, .auth_token = "default", .limit = 4, .format = AudioFormat::kWav};

Business named(std::string_view id) {
  Business business;
  business.id = BusinessId::parse(id).value();
  return business;
}

class BusinessesTest : public ::testing::Test {
 protected:
  BusinessesTest() {
    EXPECT_TRUE(run_task(rows.put_business(named("bare"))).has_value());
    Business own = named("own");
    own.account = kOwnAccount;
    own.auth_token = "own";
    own.limit = 7;
    own.format = AudioFormat::kWavDual;
    own.format_is_default = false;
    EXPECT_TRUE(run_task(rows.put_business(own)).has_value());
  }
  std::optional<Business> find(std::string_view id) { return run_task(businesses.find(named(id).id)).value(); }
  Result<PutOutcome> put(std::string_view business, const AccountSid& account, bool by_operator) {
    CallUpdate update;
    update.call = CallSid::parse("CA00000000000000000000000000000001").value();
    update.recording =
        RecordingUpdate{RecordingSid::parse("RE00000000000000000000000000000001").value(), account, std::nullopt};
    return run_task(calls.put(named(business).id, update, by_operator));
  }

  MemoryCallStore rows;
  VirtualClock clock;
  Businesses businesses{rows, clock, kDefaults};
  Calls calls{rows, businesses, clock};
};

TEST_F(BusinessesTest, the_settings_fill_the_fields_that_a_business_leaves_open) {
  const Business bare = find("bare").value();
  EXPECT_EQ(bare.account, kDefaultAccount);
  EXPECT_EQ(bare.auth_token, "default");
  EXPECT_EQ(bare.limit, 4);
  EXPECT_EQ(bare.format, AudioFormat::kWav);
}

TEST_F(BusinessesTest, the_fields_of_a_business_win_over_the_defaults) {
  const Business own = find("own").value();
  EXPECT_EQ(own.account, kOwnAccount);
  EXPECT_EQ(own.auth_token, "own");
  EXPECT_EQ(own.limit, 7);
  EXPECT_EQ(own.format, AudioFormat::kWavDual);
}

TEST_F(BusinessesTest, an_account_of_its_own_never_gets_the_default_token) {
  Business half = named("half");
  half.account = kOwnAccount;
  EXPECT_EQ(resolve(half, kDefaults).auth_token, "");
}

TEST_F(BusinessesTest, an_unknown_business_is_read_once_in_its_time) {
  EXPECT_FALSE(find("new").has_value());
  EXPECT_TRUE(run_task(rows.put_business(named("new"))).has_value());
  EXPECT_FALSE(find("new").has_value());
  clock.advance(kBusinessCacheTtl);
  EXPECT_TRUE(find("new").has_value());
}

TEST_F(BusinessesTest, a_business_that_this_process_has_made_is_known_at_once) {
  EXPECT_FALSE(find("new").has_value());
  EXPECT_TRUE(run_task(rows.put_business(named("new"))).has_value());
  businesses.forget(named("new").id);
  EXPECT_TRUE(find("new").has_value());
}

TEST_F(BusinessesTest, a_change_is_seen_within_its_time_or_once_forgotten) {
  EXPECT_EQ(find("bare")->limit, 4);
  Business changed = named("bare");
  changed.limit = 9;
  EXPECT_TRUE(run_task(rows.put_business(changed)).has_value());
  EXPECT_EQ(find("bare")->limit, 4);
  businesses.forget(changed.id);
  EXPECT_EQ(find("bare")->limit, 9);
  changed.limit = 11;
  EXPECT_TRUE(run_task(rows.put_business(changed)).has_value());
  clock.advance(kBusinessCacheTtl);
  EXPECT_EQ(find("bare")->limit, 11);
}

TEST_F(BusinessesTest, a_recording_without_an_account_belongs_to_the_default_account) {
  ASSERT_EQ(put("bare", {}, false).value(), PutOutcome::kCreated);
  EXPECT_EQ(rows.recordings().front().account, kDefaultAccount);
}

TEST_F(BusinessesTest, a_business_on_the_default_credentials_may_not_name_another_account) {
  EXPECT_EQ(put("bare", kForeignAccount, false).error().errc(), Errc::kForbidden);
  EXPECT_TRUE(rows.recordings().empty());
  EXPECT_TRUE(put("bare", kForeignAccount, true).has_value());
}

TEST_F(BusinessesTest, a_business_with_its_own_credentials_may_name_any_account) {
  EXPECT_TRUE(put("own", kForeignAccount, false).has_value());
  EXPECT_EQ(rows.recordings().front().account, kForeignAccount);
}

}  // namespace
}  // namespace tapedeck
