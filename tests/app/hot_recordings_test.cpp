#include "app/hot_recordings.hpp"

#include <exception>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "tests/fakes/virtual_clock.hpp"

namespace tapedeck {
namespace {

class OpenBlob final : public Blob {
 public:
  [[nodiscard]] std::uint64_t size() const noexcept override { return 0; }
  [[nodiscard]] int file_descriptor() const noexcept override { return -1; }
  [[nodiscard]] Task<Result<std::size_t>> read(std::uint64_t, std::span<std::byte>) override { co_return 0U; }
};

class HotRecordingsTest : public ::testing::Test {
 protected:
  static Sid sid(int n) { return *Sid::parse(fmt::format("CA{:032x}", n)); }

  /// Its blob stays open for as long as something holds it.
  std::weak_ptr<Blob> insert(int n) {
    auto hot_recording = std::make_shared<HotRecording>();
    hot_recording->recording.business = acme;
    hot_recording->recording.sid = sid(n);
    hot_recording->blob = std::make_shared<OpenBlob>();
    std::weak_ptr<Blob> blob = hot_recording->blob;
    hot.insert(acme, sid(n), std::move(hot_recording));
    return blob;
  }

  const BusinessId acme = *BusinessId::parse("acme");
  VirtualClock clock;
  HotRecordings hot{clock, kHotTtl};
};

TEST_F(HotRecordingsTest, an_entry_is_found_until_its_time_is_over) {
  (void)insert(1);
  EXPECT_NE(hot.find(acme, sid(1)), nullptr);
  clock.advance(kHotTtl);
  EXPECT_EQ(hot.find(acme, sid(1)), nullptr);
  EXPECT_EQ(hot.size(), 0U);
}

TEST_F(HotRecordingsTest, an_entry_past_its_time_is_closed_when_another_comes) {
  const std::weak_ptr<Blob> blob = insert(1);
  clock.advance(kHotTtl);
  (void)insert(2);
  EXPECT_TRUE(blob.expired());
  EXPECT_EQ(hot.size(), 1U);
}

TEST_F(HotRecordingsTest, an_entry_past_its_time_is_closed_though_nobody_asks_again) {
  const std::weak_ptr<Blob> blob = insert(1);
  hot.drop_expired();
  EXPECT_FALSE(blob.expired());
  clock.advance(kHotTtl);
  hot.drop_expired();
  EXPECT_TRUE(blob.expired());
}

TEST_F(HotRecordingsTest, the_least_recently_played_makes_room) {
  for (int n = 1; n <= static_cast<int>(kHotRecordingsMax); ++n) (void)insert(n);
  EXPECT_NE(hot.find(acme, sid(1)), nullptr);
  (void)insert(static_cast<int>(kHotRecordingsMax) + 1);
  EXPECT_NE(hot.find(acme, sid(1)), nullptr);
  EXPECT_EQ(hot.find(acme, sid(2)), nullptr);
  EXPECT_EQ(hot.size(), kHotRecordingsMax);
}

}  // namespace
}  // namespace tapedeck
