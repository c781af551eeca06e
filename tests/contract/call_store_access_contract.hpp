#pragma once

// Businesses, keys, login links, sessions, audit.

#include "tests/contract/call_store_fixture.hpp"

namespace tapedeck::contract {

TEST_P(CallStoreContract, put_business_says_whether_it_is_new) {
  Business business;
  business.id = business_id("initech");
  EXPECT_EQ(run_task(store().put_business(business)), PutOutcome::kCreated);
  EXPECT_EQ(run_task(store().put_business(business)), PutOutcome::kChanged);
}

TEST_P(CallStoreContract, a_business_is_read_back_as_it_was_put) {
  Business business;
  business.id = acme;
  business.account = account_sid(7);
  business.auth_token = "0123456789abcdef0123456789abcdef";
  business.limit = 5;
  business.format = AudioFormat::kWavDual;
  business.format_is_default = false;
  business.paused = true;
  ASSERT_TRUE(run_task(store().put_business(business)));
  const auto found = run_task(store().find_business(acme));
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->id, acme);
  EXPECT_EQ((*found)->account, account_sid(7));
  EXPECT_EQ((*found)->auth_token, "0123456789abcdef0123456789abcdef");
  EXPECT_EQ((*found)->limit, 5);
  EXPECT_EQ((*found)->format, AudioFormat::kWavDual);
  EXPECT_FALSE((*found)->format_is_default);
  EXPECT_TRUE((*found)->paused);
}

TEST_P(CallStoreContract, put_business_replaces_the_whole_business) {
  Business business;
  business.id = acme;
  business.account = account_sid(7);
  business.auth_token = "secret";
  ASSERT_TRUE(run_task(store().put_business(business)));
  put_business(acme);
  const auto found = run_task(store().find_business(acme));
  ASSERT_TRUE(found && *found);
  EXPECT_TRUE((*found)->account.empty());
  EXPECT_EQ((*found)->auth_token, "");
}

TEST_P(CallStoreContract, replacing_a_business_keeps_its_calls) {
  put_call(call_with_recording(1));
  put_business(acme);
  EXPECT_EQ(list().calls.size(), 1U);
}

TEST_P(CallStoreContract, an_unknown_business_is_an_empty_answer) {
  const auto found = run_task(store().find_business(business_id("nobody")));
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->has_value());
}

TEST_P(CallStoreContract, businesses_are_listed_by_id) {
  put_business(business_id("Zeta"));
  put_business(business_id("123"));
  const auto all = run_task(store().list_businesses());
  ASSERT_TRUE(all);
  std::vector<std::string> ids;
  for (const Business& business : *all) ids.push_back(business.id.str());
  EXPECT_EQ(ids, (std::vector<std::string>{"123", "Zeta", "acme", "globex"}));
}

inline ApiKey key_of(const BusinessId& business, std::string hash) {
  ApiKey key;
  key.business = business;
  key.name = "web site";
  key.hash = std::move(hash);
  key.created_at = kNow;
  return key;
}

TEST_P(CallStoreContract, a_key_is_found_by_its_hash) {
  const auto id = run_task(store().create_key(key_of(acme, "hash-1")));
  ASSERT_TRUE(id);
  const auto found = run_task(store().find_key("hash-1"));
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->id, *id);
  EXPECT_EQ((*found)->business, acme);
  EXPECT_EQ((*found)->name, "web site");
  EXPECT_EQ((*found)->created_at, kNow);
  EXPECT_FALSE((*found)->revoked_at);
}

TEST_P(CallStoreContract, an_operators_key_has_no_business) {
  ASSERT_TRUE(run_task(store().create_key(key_of(BusinessId(), "hash-1"))));
  const auto found = run_task(store().find_key("hash-1"));
  ASSERT_TRUE(found && *found);
  EXPECT_TRUE((*found)->business.empty());
}

TEST_P(CallStoreContract, a_key_of_an_unknown_business_is_refused) {
  const auto id = run_task(store().create_key(key_of(business_id("nobody"), "hash-1")));
  EXPECT_EQ(errc_of(id), Errc::kNotFound);
  const auto keys = run_task(store().list_keys());
  ASSERT_TRUE(keys);
  EXPECT_TRUE(keys->empty());
}

TEST_P(CallStoreContract, an_unknown_key_is_an_empty_answer) {
  const auto found = run_task(store().find_key("hash-1"));
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->has_value());
}

TEST_P(CallStoreContract, a_hash_stands_for_one_key_only) {
  ASSERT_TRUE(run_task(store().create_key(key_of(acme, "hash-1"))));
  EXPECT_EQ(errc_of(run_task(store().create_key(key_of(globex, "hash-1")))), Errc::kConflict);
}

TEST_P(CallStoreContract, a_revoked_key_is_not_found_but_stays_listed) {
  const auto id = run_task(store().create_key(key_of(acme, "hash-1")));
  ASSERT_TRUE(id);
  ASSERT_TRUE(run_task(store().revoke_key(*id, kNow + Seconds(5))));
  const auto found = run_task(store().find_key("hash-1"));
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->has_value());
  const auto keys = run_task(store().list_keys());
  ASSERT_TRUE(keys);
  ASSERT_EQ(keys->size(), 1U);
  EXPECT_EQ(keys->front().revoked_at, kNow + Seconds(5));
}

TEST_P(CallStoreContract, revoking_twice_keeps_the_first_time) {
  const auto id = run_task(store().create_key(key_of(acme, "hash-1")));
  ASSERT_TRUE(id);
  ASSERT_TRUE(run_task(store().revoke_key(*id, kNow)));
  ASSERT_TRUE(run_task(store().revoke_key(*id, kNow + Seconds(5))));
  const auto keys = run_task(store().list_keys());
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->front().revoked_at, kNow);
}

TEST_P(CallStoreContract, revoking_an_unknown_key_is_not_found) {
  EXPECT_EQ(errc_of(run_task(store().revoke_key(99, kNow))), Errc::kNotFound);
}

TEST_P(CallStoreContract, a_login_is_consumed_once) {
  ASSERT_TRUE(run_task(store().create_login("token-1", {acme, 7}, kNow + Seconds(60))));
  const auto first = run_task(store().consume_login("token-1", kNow));
  ASSERT_TRUE(first && *first);
  EXPECT_EQ((*first)->business, acme);
  EXPECT_EQ((*first)->key_id, 7);
  const auto second = run_task(store().consume_login("token-1", kNow));
  ASSERT_TRUE(second);
  EXPECT_FALSE(second->has_value());
}

TEST_P(CallStoreContract, an_operators_login_has_no_business_and_may_have_no_key) {
  ASSERT_TRUE(run_task(store().create_login("token-1", {}, kNow + Seconds(60))));
  const auto grant = run_task(store().consume_login("token-1", kNow));
  ASSERT_TRUE(grant && *grant);
  EXPECT_TRUE((*grant)->business.empty());
  EXPECT_EQ((*grant)->key_id, 0);
}

TEST_P(CallStoreContract, an_expired_login_signs_nobody_in) {
  ASSERT_TRUE(run_task(store().create_login("token-1", {acme, 0}, kNow)));
  const auto grant = run_task(store().consume_login("token-1", kNow));
  ASSERT_TRUE(grant);
  EXPECT_FALSE(grant->has_value());
}

TEST_P(CallStoreContract, an_unknown_login_signs_nobody_in) {
  const auto grant = run_task(store().consume_login("token-1", kNow));
  ASSERT_TRUE(grant);
  EXPECT_FALSE(grant->has_value());
}

TEST_P(CallStoreContract, a_login_of_an_unknown_business_is_refused) {
  const auto made = run_task(store().create_login("token-1", {business_id("nobody"), 0}, kNow + Seconds(60)));
  EXPECT_EQ(errc_of(made), Errc::kNotFound);
}

/// A session of acme that lasts an hour, and was just seen.
inline PageSession page_session(std::string token_hash) {
  PageSession session;
  session.business = business_id("acme");
  session.key_id = 7;
  session.token_hash = std::move(token_hash);
  session.created_at = kNow;
  session.seen_at = kNow;
  session.expires_at = kNow + Seconds(3600);
  return session;
}

TEST_P(CallStoreContract, a_session_is_found_until_it_expires) {
  const auto id = run_task(store().create_session(page_session("cookie-1")));
  ASSERT_TRUE(id);
  const auto found = run_task(store().find_session("cookie-1", kNow + Seconds(3599), kNow));
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->id, *id);
  EXPECT_EQ((*found)->business, acme);
  EXPECT_EQ((*found)->key_id, 7);
  EXPECT_EQ((*found)->expires_at, kNow + Seconds(3600));
  EXPECT_FALSE(run_task(store().find_session("cookie-1", kNow + Seconds(3600), kNow)).value().has_value());
  EXPECT_FALSE(run_task(store().find_session("cookie-2", kNow, kNow)).value().has_value());
}

TEST_P(CallStoreContract, a_session_that_was_not_used_for_too_long_is_not_found) {
  const auto id = run_task(store().create_session(page_session("cookie-1")));
  EXPECT_FALSE(run_task(store().find_session("cookie-1", kNow, kNow + Seconds(1))).value().has_value());
  ASSERT_TRUE(run_task(store().touch_session(id.value(), kNow + Seconds(1))));
  const auto found = run_task(store().find_session("cookie-1", kNow, kNow + Seconds(1)));
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->seen_at, kNow + Seconds(1));
  ASSERT_TRUE(run_task(store().touch_session(id.value(), kNow)));  // an older use takes nothing back
  EXPECT_TRUE(run_task(store().find_session("cookie-1", kNow, kNow + Seconds(1))).value().has_value());
}

TEST_P(CallStoreContract, a_session_that_was_ended_is_not_found) {
  const auto id = run_task(store().create_session(page_session("cookie-1")));
  ASSERT_TRUE(run_task(store().end_session(id.value())));
  EXPECT_FALSE(run_task(store().find_session("cookie-1", kNow, kNow)).value().has_value());
  EXPECT_EQ(errc_of(run_task(store().end_session(id.value()))), Errc::kNotFound);
  ASSERT_TRUE(run_task(store().touch_session(id.value(), kNow)));
}

TEST_P(CallStoreContract, a_session_ends_with_its_key) {
  const auto key = run_task(
      store().create_key({.id = 0, .business = acme, .name = "", .hash = "h", .created_at = kNow, .revoked_at = {}}));
  PageSession session = page_session("cookie-1");
  session.key_id = key.value();
  ASSERT_TRUE(run_task(store().create_session(session)));
  EXPECT_TRUE(run_task(store().find_session("cookie-1", kNow, kNow)).value().has_value());
  ASSERT_TRUE(run_task(store().revoke_key(key.value(), kNow)));
  EXPECT_FALSE(run_task(store().find_session("cookie-1", kNow, kNow)).value().has_value());
  EXPECT_TRUE(run_task(store().list_sessions(kNow)).value().empty());
}

TEST_P(CallStoreContract, the_sessions_that_have_not_ended_are_listed) {
  PageSession operators = page_session("cookie-2");
  operators.business = {};
  operators.key_id = 0;
  operators.expires_at = kNow + Seconds(10);
  const auto first = run_task(store().create_session(page_session("cookie-1")));
  const auto second = run_task(store().create_session(operators));
  const auto all = run_task(store().list_sessions(kNow)).value();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].id, first.value());
  EXPECT_EQ(all[1].id, second.value());
  EXPECT_TRUE(all[1].business.empty());
  EXPECT_EQ(run_task(store().list_sessions(kNow + Seconds(10))).value().size(), 1U);
}

TEST_P(CallStoreContract, an_id_of_a_session_is_never_given_twice) {
  const auto first = run_task(store().create_session(page_session("cookie-1")));
  ASSERT_TRUE(run_task(store().end_session(first.value())));
  const auto second = run_task(store().create_session(page_session("cookie-1")));
  EXPECT_GT(second.value(), first.value());
  EXPECT_EQ(errc_of(run_task(store().create_session(page_session("cookie-1")))), Errc::kConflict);
}

TEST_P(CallStoreContract, a_session_of_an_unknown_business_is_refused) {
  PageSession session = page_session("cookie-1");
  session.business = business_id("nobody");
  EXPECT_EQ(errc_of(run_task(store().create_session(session))), Errc::kNotFound);
}

TEST_P(CallStoreContract, audit_entries_are_accepted_together) {
  const AuditEntry entry{kNow, acme, "key:7", "play", call_sid(1).str(), ""};
  EXPECT_TRUE(run_task(store().append_audit({entry, entry})));
  EXPECT_TRUE(run_task(store().append_audit({})));
}

TEST_P(CallStoreContract, a_healthy_store_answers_a_ping) { EXPECT_TRUE(run_task(store().ping())); }

}  // namespace tapedeck::contract
