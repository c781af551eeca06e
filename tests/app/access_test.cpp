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
  Task<Result<std::optional<PageSession>>> find_session(std::string token_hash, SystemTime now,
                                                        SystemTime seen_since) override {
    ++find_session_calls;
    return CallStoreDecorator::find_session(std::move(token_hash), now, seen_since);
  }
  Task<Result<void>> touch_session(std::int64_t id, SystemTime now) override {
    ++touch_session_calls;
    return CallStoreDecorator::touch_session(id, now);
  }
  int find_key_calls = 0;
  int find_session_calls = 0;
  int touch_session_calls = 0;
};

class AccessTest : public ::testing::Test {
 protected:
  AccessTest() {
    Business business;
    business.id = acme;
    EXPECT_TRUE(run_task(rows.put_business(business)).has_value());
    key = run_task(access.create_key(acme, "test")).value();
  }

  std::string open_session(Access& of, std::int64_t key_id) {
    return run_task(of.open_session(acme, key_id)).value().cookie;
  }
  // Every refusal of a session looks the same.
  bool accepts(const std::string& cookie) {
    const auto caller = run_task(access.by_session(cookie));
    EXPECT_TRUE(caller || caller.error().errc() == Errc::kUnauthenticated);
    return caller.has_value();
  }

  const BusinessId acme = BusinessId::parse("acme").value();
  const Sid sid = Sid::parse("CA00000000000000000000000000000001").value();
  MemoryCallStore rows;
  CountingCallStore calls{rows};
  VirtualClock clock;
  SeededRandom random{11};
  Access access{calls, calls, clock, random, std::string(32, 's')};
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
  const OpenedSession opened = run_task(access.open_session({}, op.key_id)).value();
  EXPECT_EQ(opened.caller.actor(), "session:1");
  EXPECT_EQ(run_task(access.by_session(opened.cookie)).value().actor(), "session:1");
  EXPECT_EQ(run_task(access.by_session(open_session(access, 0))).value().actor(), "session:2");
  const SignedLink link = access.sign_link(acme, sid, Seconds{10});
  EXPECT_EQ(access.by_link(acme, sid, link.expires, link.signature).value().actor(), "link");
}

TEST_F(AccessTest, a_session_ends_with_its_key) {
  const std::string cookie = open_session(access, 1);
  EXPECT_EQ(run_task(access.by_session(cookie)).value().business, acme);
  ASSERT_TRUE(run_task(access.revoke_key(1)).has_value());
  EXPECT_FALSE(accepts(cookie));
}

TEST_F(AccessTest, a_session_that_was_ended_is_refused_at_once) {
  const OpenedSession opened = run_task(access.open_session(acme, 1)).value();
  EXPECT_TRUE(accepts(opened.cookie));
  ASSERT_TRUE(run_task(access.end_session(opened.caller.session_id)));
  EXPECT_FALSE(accepts(opened.cookie));
  ASSERT_TRUE(run_task(access.end_session(opened.caller.session_id)));
}

TEST_F(AccessTest, a_session_that_another_process_ended_is_refused_in_its_time) {
  Access other(calls, calls, clock, random, std::string(32, 's'));
  const OpenedSession opened = run_task(other.open_session(acme, 1)).value();
  EXPECT_TRUE(accepts(opened.cookie));
  ASSERT_TRUE(run_task(other.end_session(opened.caller.session_id)));
  clock.advance(kKeyCacheTtl);
  EXPECT_FALSE(accepts(opened.cookie));
}

TEST_F(AccessTest, a_session_is_looked_up_once_in_its_time) {
  const std::string cookie = open_session(access, 1);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(accepts(cookie));
  EXPECT_EQ(calls.find_session_calls, 1);
}

TEST_F(AccessTest, a_session_that_has_ended_is_looked_up_once_in_its_time) {
  const std::string cookie = open_session(access, 1);
  ASSERT_TRUE(run_task(access.revoke_key(1)).has_value());
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(accepts(cookie));
  EXPECT_EQ(calls.find_session_calls, 1);
  clock.advance(kKeyCacheTtl);
  EXPECT_FALSE(accepts(cookie));
  EXPECT_EQ(calls.find_session_calls, 2);
}

TEST_F(AccessTest, an_invented_cookie_asks_no_store) {
  std::string cookie = open_session(access, 1);
  cookie.front() = cookie.front() == 'A' ? 'B' : 'A';
  for (const std::string& text : {cookie, std::string("x"), std::string("."), std::string(100'000, '.')}) {
    EXPECT_FALSE(accepts(text));
  }
  EXPECT_EQ(calls.find_session_calls, 0);
}

TEST_F(AccessTest, a_session_lasts_as_long_as_it_is_used_up_to_its_lifetime) {
  const std::string cookie = open_session(access, 1);
  const Seconds step = kSessionIdle - Seconds{1};
  for (Seconds used{0}; used + step < kSessionTtl; used += step) {
    clock.advance(step);
    EXPECT_TRUE(accepts(cookie));
  }
  clock.advance(step);
  EXPECT_FALSE(accepts(cookie));
}

TEST_F(AccessTest, a_session_that_is_not_used_ends) {
  const std::string cookie = open_session(access, 1);
  clock.advance(kSessionIdle + Seconds{1});
  EXPECT_FALSE(accepts(cookie));
}

TEST_F(AccessTest, a_session_does_not_outlast_its_time_in_the_cache) {
  const std::string cookie = open_session(access, 1);
  for (Seconds used{0}; used + kSessionIdle < kSessionTtl; used += kSessionIdle) {
    clock.advance(kSessionIdle);
    EXPECT_TRUE(accepts(cookie));
  }
  clock.advance(kSessionIdle - Seconds{1});
  EXPECT_TRUE(accepts(cookie));
  clock.advance(Seconds{1});
  EXPECT_FALSE(accepts(cookie));
}

TEST_F(AccessTest, the_use_of_a_session_is_noted_once_a_minute) {
  const std::string cookie = open_session(access, 1);
  for (int i = 0; i < 60; ++i) {
    clock.advance(Seconds{2});
    EXPECT_TRUE(accepts(cookie));
  }
  EXPECT_EQ(calls.touch_session_calls, 2);
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
  Access other(calls, calls, clock, random, std::string(32, 't'));
  EXPECT_FALSE(run_task(other.by_session(open_session(access, 1))).has_value());
  const SignedLink link = access.sign_link(acme, sid, Seconds{10});
  EXPECT_FALSE(other.by_link(acme, sid, link.expires, link.signature).has_value());
}

TEST_F(AccessTest, another_process_with_the_same_secret_key_accepts_its_sessions_and_links) {
  Access other(calls, calls, clock, random, std::string(32, 's'));
  EXPECT_TRUE(run_task(other.by_session(open_session(access, 1))).has_value());
  const SignedLink link = access.sign_link(acme, sid, Seconds{10});
  EXPECT_TRUE(other.by_link(acme, sid, link.expires, link.signature).has_value());
}

TEST_F(AccessTest, two_sessions_of_a_key_have_different_tokens) {
  const Caller first = run_task(access.by_session(open_session(access, 1))).value();
  const Caller second = run_task(access.by_session(open_session(access, 1))).value();
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
  const std::string cookie = run_task(access.login(token)).value().cookie;
  EXPECT_EQ(run_task(access.by_session(cookie)).value().business, acme);
  EXPECT_EQ(run_task(access.login(token)).error().errc(), Errc::kUnauthenticated);
}

}  // namespace
}  // namespace tapedeck
