#include "app/audit_log.hpp"

#include <gtest/gtest.h>

#include "runtime/run_task.hpp"
#include "tests/fakes/call_store_decorator.hpp"
#include "tests/fakes/memory_call_store.hpp"
#include "tests/fakes/virtual_clock.hpp"

namespace tapedeck {
namespace {

class RefusingCallStore final : public CallStoreDecorator {
 public:
  using CallStoreDecorator::CallStoreDecorator;
  Task<Result<void>> append_audit(std::vector<AuditEntry> entries) override {
    if (refusing) return refuse();
    return CallStoreDecorator::append_audit(std::move(entries));
  }
  bool refusing = false;

 private:
  static Task<Result<void>> refuse() { co_return fail(Errc::kUnavailable, "away"); }
};

class Events final : public EventSink {
 public:
  void emit(const Event& event) noexcept override { names.emplace_back(event.name); }
  std::vector<std::string> names;
};

class AuditLogTest : public ::testing::Test {
 protected:
  static Caller key(std::int64_t id) {
    return {.kind = Caller::Kind::kKey,
            .business = BusinessId::parse("acme").value(),
            .key_id = id,
            .session_id = 0,
            .csrf_token = {}};
  }
  static Recording recording(std::int64_t row_id) {
    Recording recording;
    recording.row_id = row_id;
    recording.business = BusinessId::parse("acme").value();
    recording.sid = Sid::parse("CA00000000000000000000000000000001").value();
    return recording;
  }
  void flush() { EXPECT_TRUE(run_task(audit.flush()).has_value()); }

  MemoryCallStore rows;
  RefusingCallStore calls{rows};
  VirtualClock clock;
  Events events;
  AuditLog audit{calls, clock, events};
};

TEST_F(AuditLogTest, acts_are_written_in_order) {
  audit.add(key(7), key(7).business, "retry", "CA1");
  audit.add(key(7), key(7).business, "delete", "CA2");
  flush();
  ASSERT_EQ(rows.audit().size(), 2U);
  EXPECT_EQ(rows.audit()[0].action, "retry");
  EXPECT_EQ(rows.audit()[0].actor, "key:7");
  EXPECT_EQ(rows.audit()[0].business.str(), "acme");
  EXPECT_EQ(rows.audit()[1].sid, "CA2");
}

TEST_F(AuditLogTest, a_play_counts_once_for_each_caller_and_recording) {
  for (int i = 0; i < 3; ++i) {
    audit.play(key(1), recording(1), false);
    audit.play(key(2), recording(1), false);
    audit.play(key(1), recording(2), false);
    audit.play(key(1), recording(1), true);
  }
  flush();
  EXPECT_EQ(rows.audit().size(), 4U);
}

TEST_F(AuditLogTest, a_play_counts_again_after_its_window) {
  audit.play(key(1), recording(1), false);
  clock.advance(kPlayWindow);
  audit.play(key(1), recording(1), false);
  flush();
  EXPECT_EQ(rows.audit().size(), 2U);
}

TEST_F(AuditLogTest, a_play_that_goes_on_for_hours_counts_once) {
  for (int i = 0; i < 100; ++i) {
    audit.play(key(1), recording(1), false);
    clock.advance(kPlayWindow - Seconds{1});
  }
  flush();
  EXPECT_EQ(rows.audit().size(), 1U);
}

TEST_F(AuditLogTest, two_sessions_of_one_key_play_for_themselves) {
  Caller first = key(1);
  first.kind = Caller::Kind::kSession;
  first.session_id = 1;
  Caller second = first;
  second.session_id = 2;
  for (const Caller& caller : {key(1), first, second}) audit.play(caller, recording(1), false);
  flush();
  EXPECT_EQ(rows.audit().size(), 3U);
}

TEST_F(AuditLogTest, entries_wait_while_the_store_is_away) {
  calls.refusing = true;
  for (int i = 0; i < 3; ++i) audit.add(key(i), key(i).business, "link", "CA1");
  EXPECT_FALSE(run_task(audit.flush()).has_value());
  EXPECT_FALSE(run_task(audit.flush()).has_value());
  calls.refusing = false;
  flush();
  ASSERT_EQ(rows.audit().size(), 3U);
  EXPECT_EQ(rows.audit()[0].actor, "key:0");
  EXPECT_EQ(rows.audit()[2].actor, "key:2");
}

TEST_F(AuditLogTest, the_oldest_entries_are_dropped_when_too_many_wait_and_the_log_says_so) {
  for (std::size_t i = 0; i < kAuditPendingMax + 5; ++i) {
    audit.add(key(static_cast<std::int64_t>(i)), key(1).business, "link", "CA1");
  }
  flush();
  EXPECT_EQ(rows.audit().size(), kAuditPendingMax);
  EXPECT_EQ(rows.audit()[0].actor, "key:5");
  EXPECT_EQ(events.names, std::vector<std::string>{"AUDIT_DROPPED"});
}

TEST_F(AuditLogTest, an_outage_of_the_store_is_logged_once) {
  calls.refusing = true;
  audit.add(key(1), key(1).business, "link", "CA1");
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(run_task(audit.write()));
  EXPECT_EQ(events.names, std::vector<std::string>{"AUDIT_NOT_WRITTEN"});
  calls.refusing = false;
  EXPECT_TRUE(run_task(audit.write()));
  EXPECT_EQ(rows.audit().size(), 1U);
}

}  // namespace
}  // namespace tapedeck
