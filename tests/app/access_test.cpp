#include "app/access.hpp"

#include <optional>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "domain/api_key.hpp"
#include "runtime/run_task.hpp"
#include "tests/fakes/call_store_decorator.hpp"
#include "tests/fakes/memory_call_store.hpp"
#include "tests/fakes/seeded_random.hpp"
#include "tests/fakes/virtual_clock.hpp"

namespace tapedeck {
namespace {

class CountingCallStore final : public CallStoreDecorator {
 public:
  using CallStoreDecorator::CallStoreDecorator;
  Task<Result<std::optional<ApiKey>>> find_key(std::string hash) override {
    ++find_key_calls;
    return CallStoreDecorator::find_key(std::move(hash));
  }
  Task<Result<std::vector<ApiKey>>> list_keys() override {
    ++list_keys_calls;
    return CallStoreDecorator::list_keys();
  }
  int find_key_calls = 0;
  int list_keys_calls = 0;
};

class AccessTest : public ::testing::Test {
 protected:
  AccessTest() {
    Business business;
    business.id = acme;
    EXPECT_TRUE(run_task(rows.put_business(business)).has_value());
    key = run_task(access.create_key(acme, "test")).value();
  }

  const BusinessId acme = BusinessId::parse("acme").value();
  const Sid sid = Sid::parse("CA00000000000000000000000000000001").value();
  MemoryCallStore rows;
  CountingCallStore calls{rows};
  VirtualClock clock;
  SeededRandom random{11};
  Access access{calls, clock, random, std::string(32, 's')};
  std::string key;
};

TEST_F(AccessTest, a_key_is_found_and_its_text_is_not_stored) {
  EXPECT_TRUE(is_api_key(key));
  const Caller caller = run_task(access.by_key(key)).value();
  EXPECT_EQ(caller.business, acme);
  EXPECT_FALSE(caller.is_operator());
  EXPECT_EQ(caller.actor(), "key:1");
  const ApiKey stored = run_task(rows.list_keys()).value().front();
  EXPECT_EQ(stored.hash.find(key), std::string::npos);
  EXPECT_EQ(stored.hash, hash_api_key(key));
}

TEST_F(AccessTest, a_key_is_looked_up_once_in_its_time) {
  EXPECT_FALSE(access.by_cached_key(key).has_value());
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(run_task(access.by_key(key)).has_value());
  EXPECT_EQ(calls.find_key_calls, 1);
  EXPECT_TRUE(access.by_cached_key(key).has_value());
  clock.advance(kKeyCacheTtl);
  EXPECT_FALSE(access.by_cached_key(key).has_value());
  EXPECT_TRUE(run_task(access.by_key(key)).has_value());
  EXPECT_EQ(calls.find_key_calls, 2);
}

TEST_F(AccessTest, a_revoked_key_is_refused_at_once) {
  EXPECT_TRUE(run_task(access.by_key(key)).has_value());
  ASSERT_TRUE(run_task(access.revoke_key(1)).has_value());
  EXPECT_FALSE(access.by_cached_key(key).has_value());
  EXPECT_EQ(run_task(access.by_key(key)).error().errc(), Errc::kUnauthenticated);
}

TEST_F(AccessTest, a_malformed_key_asks_no_store) {
  for (const std::string& text : {std::string(), std::string("tdk_"), key + "A", std::string(100'000, 'a')}) {
    EXPECT_EQ(run_task(access.by_key(text)).error().errc(), Errc::kUnauthenticated);
  }
  EXPECT_EQ(calls.find_key_calls, 0);
}

TEST_F(AccessTest, a_key_of_an_unknown_business_is_not_made) {
  EXPECT_EQ(run_task(access.create_key(BusinessId::parse("nobody").value(), "x")).error().errc(), Errc::kNotFound);
}

TEST_F(AccessTest, actors_tell_keys_operators_sessions_and_links_apart) {
  const std::string operator_key = run_task(access.create_key({}, "operator")).value();
  const Caller op = run_task(access.by_key(operator_key)).value();
  EXPECT_TRUE(op.is_operator());
  EXPECT_EQ(op.actor(), "operator:2");
  EXPECT_EQ(run_task(access.by_session(access.open_session(op))).value().actor(), "session:2");
  EXPECT_EQ(run_task(access.by_session(access.open_session({}))).value().actor(), "session");
  const SignedLink link = access.sign_link(acme, sid, Seconds{10});
  EXPECT_EQ(access.by_link(acme, sid, link.expires, link.signature).value().actor(), "link");
}

TEST_F(AccessTest, a_session_ends_with_its_key) {
  const std::string cookie = access.open_session(run_task(access.by_key(key)).value());
  EXPECT_EQ(run_task(access.by_session(cookie)).value().business, acme);
  ASSERT_TRUE(run_task(access.revoke_key(1)).has_value());
  EXPECT_EQ(run_task(access.by_session(cookie)).error().errc(), Errc::kUnauthenticated);
}

TEST_F(AccessTest, sessions_read_the_live_keys_once_in_their_time) {
  const std::string cookie = access.open_session(run_task(access.by_key(key)).value());
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(run_task(access.by_session(cookie)).has_value());
  EXPECT_EQ(calls.list_keys_calls, 1);
}

TEST_F(AccessTest, a_session_of_a_key_younger_than_the_cache_is_accepted) {
  const std::string cookie = access.open_session(run_task(access.by_key(key)).value());
  ASSERT_TRUE(run_task(access.by_session(cookie)).has_value());
  Access other(calls, clock, random, std::string(32, 's'));
  const std::string young = run_task(other.create_key(acme, "young")).value();
  const std::string young_cookie = other.open_session(run_task(other.by_key(young)).value());
  EXPECT_TRUE(run_task(access.by_session(young_cookie)).has_value());
}

TEST_F(AccessTest, a_session_of_a_revoked_key_is_looked_up_once_in_its_time) {
  const std::string cookie = access.open_session(run_task(access.by_key(key)).value());
  ASSERT_TRUE(run_task(access.revoke_key(1)).has_value());
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(run_task(access.by_session(cookie)).has_value());
  EXPECT_EQ(calls.list_keys_calls, 1);
  clock.advance(kKeyCacheTtl);
  EXPECT_FALSE(run_task(access.by_session(cookie)).has_value());
  EXPECT_EQ(calls.list_keys_calls, 2);
}

TEST_F(AccessTest, a_revoked_key_is_looked_up_once_in_its_time) {
  ASSERT_TRUE(run_task(access.revoke_key(1)).has_value());
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(run_task(access.by_key(key)).has_value());
  EXPECT_EQ(calls.find_key_calls, 1);
  clock.advance(kKeyCacheTtl);
  EXPECT_FALSE(run_task(access.by_key(key)).has_value());
  EXPECT_EQ(calls.find_key_calls, 2);
}

TEST_F(AccessTest, another_secret_key_accepts_no_session_and_no_link) {
  Access other(calls, clock, random, std::string(32, 't'));
  const std::string cookie = access.open_session(run_task(access.by_key(key)).value());
  EXPECT_FALSE(run_task(other.by_session(cookie)).has_value());
  const SignedLink link = access.sign_link(acme, sid, Seconds{10});
  EXPECT_FALSE(other.by_link(acme, sid, link.expires, link.signature).has_value());
}

TEST_F(AccessTest, another_process_with_the_same_secret_key_accepts_its_sessions_and_links) {
  Access other(calls, clock, random, std::string(32, 's'));
  EXPECT_TRUE(run_task(other.by_session(access.open_session(run_task(access.by_key(key)).value()))).has_value());
  const SignedLink link = access.sign_link(acme, sid, Seconds{10});
  EXPECT_TRUE(other.by_link(acme, sid, link.expires, link.signature).has_value());
}

TEST_F(AccessTest, two_sessions_of_a_key_have_different_tokens) {
  const Caller caller = run_task(access.by_key(key)).value();
  const Caller first = run_task(access.by_session(access.open_session(caller))).value();
  const Caller second = run_task(access.by_session(access.open_session(caller))).value();
  EXPECT_NE(first.csrf_token, second.csrf_token);
}

TEST_F(AccessTest, a_link_is_for_one_recording_of_one_business_until_its_time) {
  const SignedLink link = access.sign_link(acme, sid, Seconds{10});
  const Sid other_sid = Sid::parse("CA00000000000000000000000000000002").value();
  const BusinessId other = BusinessId::parse("birch").value();
  EXPECT_TRUE(access.by_link(acme, sid, link.expires, link.signature).has_value());
  EXPECT_FALSE(access.by_link(acme, other_sid, link.expires, link.signature).has_value());
  EXPECT_FALSE(access.by_link(other, sid, link.expires, link.signature).has_value());
  EXPECT_FALSE(access.by_link(acme, sid, link.expires + 1, link.signature).has_value());
  EXPECT_FALSE(access.by_link(acme, sid, link.expires, "").has_value());
  clock.advance(Seconds{10});
  EXPECT_FALSE(access.by_link(acme, sid, link.expires, link.signature).has_value());
}

TEST_F(AccessTest, a_login_works_once_and_stores_only_a_hash) {
  const std::string token = run_task(access.create_login({acme, 1})).value();
  EXPECT_FALSE(run_task(rows.consume_login(token, clock.system_now())).value().has_value());
  const std::string cookie = run_task(access.login(token)).value();
  EXPECT_EQ(run_task(access.by_session(cookie)).value().business, acme);
  EXPECT_EQ(run_task(access.login(token)).error().errc(), Errc::kUnauthenticated);
}

}  // namespace
}  // namespace tapedeck
