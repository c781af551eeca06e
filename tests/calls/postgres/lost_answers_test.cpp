// The connection breaks at COMMIT, at each of the moments at which it can.

#include <atomic>
#include <filesystem>

#include <gtest/gtest.h>

#include "tests/calls/postgres/shared_server.hpp"
#include "tests/contract/call_store_fixture.hpp"

namespace tapedeck {
namespace {

using contract::kNow;
using Fate = LossyProxy::Fate;

class LostAnswers : public ::testing::Test {
 protected:
  static PostgresOptions one_connection() {
    PostgresOptions options = small_store();
    options.changes.connections = 1;
    options.changes.reconnect_pause = Milliseconds(1);
    return options;
  }
  Fate decide() {
    if (hides_) proxied_.hide();
    hides_ = false;
    return next_.exchange(Fate::kPass);
  }
  /// One entry, on a store whose next COMMIT meets `fate`.
  Result<void> append(Fate fate) {
    next_ = fate;
    return run_task(store_->append_audit({AuditEntry{kNow, contract::business_id("acme"), "key:1", "play", "", ""}}));
  }
  [[nodiscard]] std::string entries() const { return database_.ask("SELECT count(*) FROM audit"); }

  TestDatabase database_;
  std::atomic<Fate> next_ = Fate::kPass;
  std::atomic<bool> hides_ = false;
  ProxiedServer proxied_{[this] { return decide(); }};
  std::unique_ptr<PostgresCallStore> store_ = open_store(proxied_.url(database_.name()), one_connection());
};

TEST_F(LostAnswers, a_change_whose_commit_was_done_but_not_answered_is_not_done_again) {
  EXPECT_TRUE(append(Fate::kLoseAnswer));
  EXPECT_EQ(proxied_.proxy().lost(), 1);
  EXPECT_EQ(entries(), "1");
  EXPECT_TRUE(append(Fate::kPass));
  EXPECT_EQ(entries(), "2");
}

TEST_F(LostAnswers, a_change_whose_commit_did_not_arrive_is_done_again) {
  EXPECT_TRUE(append(Fate::kLoseRequest));
  EXPECT_EQ(proxied_.proxy().lost(), 1);
  EXPECT_EQ(entries(), "1");
}

TEST_F(LostAnswers, a_commit_that_arrives_after_it_was_asked_for_is_refused) {
  EXPECT_TRUE(append(Fate::kDelayRequest));
  EXPECT_EQ(proxied_.proxy().lost(), 1);
  EXPECT_EQ(entries(), "1");
  proxied_.proxy().deliver();
  EXPECT_EQ(entries(), "1");
}

TEST_F(LostAnswers, a_store_that_cannot_ask_says_that_it_does_not_know) {
  store_.reset();
  PostgresOptions options = one_connection();
  options.changes.reconnect_patience = Milliseconds(50);
  options.changes.doubt_patience = Milliseconds(100);
  store_ = open_store(proxied_.url(database_.name()), options);
  ASSERT_TRUE(append(Fate::kPass));
  hides_ = true;
  const auto appended = append(Fate::kLoseAnswer);
  ASSERT_EQ(contract::errc_of(appended), Errc::kUnavailable);
  EXPECT_NE(appended.error().detail.find("is not known"), std::string::npos) << appended.error().detail;
  EXPECT_TRUE(appended.error().retry_after);
}

}  // namespace
}  // namespace tapedeck
