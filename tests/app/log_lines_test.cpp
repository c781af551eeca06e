// Each request writes its ENQUEUE or QUEUED line, also when its business is rebuilt between the row and the request.

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/webhooks.hpp"
#include "runtime/run_task.hpp"
#include "slots/memory/memory_slot_store.hpp"
#include "tests/fakes/memory_call_store.hpp"
#include "tests/fakes/seeded_random.hpp"
#include "tests/fakes/virtual_clock.hpp"

namespace tapedeck {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

class HookedEvents final : public EventSink {
 public:
  void emit(const Event& event) noexcept override {
    lines.push_back(format_text(event));
    if (on_event) on_event(lines.back());
  }

  std::vector<std::string> lines;
  std::function<void(const std::string&)> on_event;
};

class LogLines : public ::testing::Test {
 protected:
  void SetUp() override {
    Business business;
    business.id = acme_;
    ASSERT_TRUE(run_task(calls_.put_business(business)));
    events_.on_event = [this](const std::string& line) {
      if (!line.contains("RECORDING_ANNOUNCED")) return;
      EXPECT_TRUE(run_task(requests_.rebuild(acme_)));
    };
  }
  void announce(char call, char recording) {
    RecordingAnnouncement announcement;
    announcement.call = *CallSid::parse("CA" + std::string(32, call));
    announcement.recording = *RecordingSid::parse("RE" + std::string(32, recording));
    ASSERT_TRUE(run_task(webhooks_.recording(acme_, announcement)));
  }

  const BusinessId acme_ = *BusinessId::parse("acme");
  MemoryCallStore calls_;
  VirtualClock clock_;
  HookedEvents events_;
  SeededRandom random_{1};
  MemorySlotStore slots_{clock_, events_, kDefaultSlotLimit};
  Businesses businesses_{calls_, clock_, ProviderDefaults{}};
  BusinessRules rules_{slots_, businesses_};
  SlotRecovery recovery_{calls_, calls_, slots_, businesses_, clock_, kLeaseTtl};
  SlotRequests requests_{slots_, rules_, recovery_, clock_, random_};
  Webhooks webhooks_{calls_, calls_, requests_, clock_, events_};
};

TEST_F(LogLines, a_webhook_keeps_its_line_when_its_business_is_rebuilt_after_the_row_is_written) {
  announce('1', '1');
  EXPECT_THAT(events_.lines, Contains(HasSubstr("RECORDING_ENQUEUE business_id=acme sid=CA111111")));
}

TEST_F(LogLines, a_second_recording_of_a_call_keeps_its_line_and_the_first_one_its_slot) {
  announce('1', '1');
  announce('1', '2');
  EXPECT_THAT(events_.lines, Contains(HasSubstr("RECORDING_ENQUEUE business_id=acme sid=RE222222")));
  EXPECT_EQ(run_task(slots_.status(acme_, *Sid::parse("CA" + std::string(32, '1'))))->place, SlotPlace::kGranted);
}

}  // namespace
}  // namespace tapedeck
