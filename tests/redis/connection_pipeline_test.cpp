#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "redis/resp.hpp"
#include "redis/resp_pipeline.hpp"
#include "tests/redis/client_fixture.hpp"

namespace tapedeck::redis {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;
using namespace std::string_literals;

class RespPipelineTest : public ::testing::Test {
 protected:
  std::uint64_t push(const std::string& name, std::chrono::milliseconds deadline = 1s) {
    return pipeline_.push([this, name](Result<Reply> reply) { heard_.push_back(name + "=" + text_of(reply)); }, start_,
                          start_ + deadline);
  }
  [[nodiscard]] Result<void> feed(std::string_view bytes) { return pipeline_.feed(bytes, start_ + 1ms); }

  const SteadyTime start_{1h};
  RespPipeline pipeline_;
  std::vector<std::string> heard_;
};

TEST_F(RespPipelineTest, replies_go_to_the_commands_in_order_however_the_bytes_are_cut) {
  push("a");
  push("b");
  push("c");
  const std::string bytes = "+OK\r\n*2\r\n:7\r\n$3\r\nx\r\n\r\n$-1\r\n";
  for (const char byte : bytes) EXPECT_TRUE(feed({&byte, 1}));
  EXPECT_THAT(heard_, ElementsAre("a=OK", "b=[7 x\r\n]", "c=nil"));
  EXPECT_TRUE(pipeline_.empty());
}

TEST_F(RespPipelineTest, one_feed_may_hold_many_replies) {
  push("a");
  push("b");
  EXPECT_TRUE(feed(":1\r\n:2\r\n"));
  EXPECT_THAT(heard_, ElementsAre("a=1", "b=2"));
}

TEST_F(RespPipelineTest, an_abandoned_command_keeps_its_place) {
  push("a");
  const std::uint64_t second = push("b");
  push("c");
  EXPECT_NE(pipeline_.abandon(second), nullptr);
  EXPECT_EQ(pipeline_.abandon(second), nullptr);
  EXPECT_TRUE(feed(":1\r\n:2\r\n:3\r\n"));
  EXPECT_THAT(heard_, ElementsAre("a=1", "c=3"));
}

TEST_F(RespPipelineTest, an_expired_command_keeps_its_place_and_fails_once) {
  push("a", 10ms);
  push("b", 20ms);
  EXPECT_EQ(pipeline_.expire(start_ + 10ms, {Errc::kUnavailable, "late"}), 1U);
  EXPECT_EQ(pipeline_.expire(start_ + 10ms, {Errc::kUnavailable, "late"}), 0U);
  EXPECT_EQ(pipeline_.size(), 2U);
  EXPECT_EQ(pipeline_.next_deadline(), start_ + 20ms);
  EXPECT_TRUE(feed(":1\r\n:2\r\n"));
  EXPECT_THAT(heard_, ElementsAre("a=error: late", "b=2"));
}

TEST_F(RespPipelineTest, a_failure_reaches_every_command_once_in_order) {
  push("a");
  push("b");
  pipeline_.fail({Errc::kUnavailable, "gone"});
  pipeline_.fail({Errc::kUnavailable, "gone"});
  EXPECT_THAT(heard_, ElementsAre("a=error: gone", "b=error: gone"));
}

TEST_F(RespPipelineTest, a_handler_may_send_another_command) {
  pipeline_.push([this](Result<Reply>) { push("second"); }, start_, start_ + 1s);
  EXPECT_TRUE(feed(":1\r\n:2\r\n"));
  EXPECT_THAT(heard_, ElementsAre("second=2"));
}

TEST_F(RespPipelineTest, a_handler_that_fails_the_pipeline_ends_the_feed) {
  pipeline_.push([this](Result<Reply>) { pipeline_.fail({Errc::kUnavailable, "gone"}); }, start_, start_ + 1s);
  push("b");
  EXPECT_TRUE(feed(":1\r\n:2\r\n"));
  EXPECT_THAT(heard_, ElementsAre("b=error: gone"));
}

TEST_F(RespPipelineTest, a_reply_without_a_command_ends_the_stream) {
  const auto fed = feed("-ERR max number of clients reached\r\n");
  ASSERT_FALSE(fed);
  EXPECT_THAT(fed.error().detail, HasSubstr("max number of clients"));
}

TEST_F(RespPipelineTest, bytes_of_another_protocol_end_the_stream) {
  push("a");
  const auto fed = feed("HTTP/1.1 400 Bad Request\r\n\r\n");
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().errc(), Errc::kCorrupt);
}

TEST_F(RespPipelineTest, an_array_beyond_the_limit_ends_the_stream_before_room_is_made) {
  push("a");
  const auto fed = feed("*" + std::to_string(kReplyElementsMax + 1) + "\r\n");
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().errc(), Errc::kTooLarge);
}

TEST_F(RespPipelineTest, replies_and_their_times_are_counted) {
  push("a");
  push("b");
  EXPECT_TRUE(feed(":1\r\n:2\r\n"));
  const auto tally = pipeline_.take_tally();
  EXPECT_EQ(tally.replies, 2U);
  EXPECT_EQ(tally.time, 2ms);
  EXPECT_EQ(pipeline_.take_tally().replies, 0U);
}

TEST(RespWriterTest, words_are_written_byte_for_byte) {
  std::string out;
  RespWriter writer(out);
  writer.begin(3);
  writer.word(std::string_view("a\0\r\n", 4));
  writer.word("");
  writer.number(1'000);
  EXPECT_EQ(out, "*3\r\n$4\r\na\0\r\n\r\n$0\r\n\r\n$4\r\n1000\r\n"s);
}

}  // namespace
}  // namespace tapedeck::redis
