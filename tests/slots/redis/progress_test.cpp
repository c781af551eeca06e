// The progress of a download, from the worker's process to the others.

#include "slots/redis/progress_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "slots/redis/slot_store.hpp"
#include "tests/redis/client_fixture.hpp"

namespace tapedeck {
namespace {

using ::testing::AnyOf;

class SilentEvents final : public EventSink {
 public:
  void emit(const Event&) noexcept override {}
};

TEST(ProgressText, a_progress_is_read_as_it_was_written) {
  for (const Progress& progress : {Progress{3'000, 20'160}, Progress{7, std::nullopt}, Progress{0, 0}}) {
    EXPECT_EQ(redis::parse_progress(redis::progress_text(progress)), progress);
  }
}

TEST(ProgressText, a_text_of_another_program_is_no_progress) {
  for (const char* foreign : {"", " ", "x", "1 2 3", "-1", "1 x", "1 "}) {
    EXPECT_EQ(redis::parse_progress(foreign), std::nullopt) << foreign;
  }
}

TEST(Progress, the_progress_in_one_process_is_known_to_the_others_for_a_while) {
  const RedisProcess redis;
  redis::MiddleRandom random;
  SilentEvents events;
  const BusinessId business = *BusinessId::parse("123");
  const Sid sid = *Sid::parse("CA00000000000000000000000000000001");
  const auto worker_client = redis::client_of(redis.url(), random);
  const auto api_client = redis::client_of(redis.url(), random);
  RedisSlotStore worker(*worker_client, events, false);
  RedisSlotStore api(*api_client, events, false);
  redis::LoopThread loop;
  EXPECT_EQ(*loop.run(api.progress_of(business, sid)), std::nullopt);
  ASSERT_TRUE(loop.run(worker.tell_progress({{business, sid, {3'000, 20'160}}})));
  EXPECT_EQ(*loop.run(api.progress_of(business, sid)), (Progress{3'000, 20'160}));
  EXPECT_THAT(redis.ask({"TTL", "rec_progress:123:" + sid.str()}), AnyOf("10", "9"));
}

}  // namespace
}  // namespace tapedeck
