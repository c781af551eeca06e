#include "slots/slot_events.hpp"

#include <gtest/gtest.h>

namespace tapedeck {
namespace {

const BusinessId kBusiness = *BusinessId::parse("123");
const Sid kFirst = *Sid::parse("CA1abcde000000000000000000000000ff");
const Sid kFourth = *Sid::parse("CA4abcde000000000000000000000000ff");

std::vector<std::string> lines_of(const std::vector<Event>& events) {
  std::vector<std::string> lines;
  for (const Event& event : events) lines.push_back(format_text(event));
  return lines;
}

TEST(SlotEvents, a_press_that_gets_a_slot_is_logged_to_the_letter) {
  RequestAnswer answer;
  answer.kind = RequestKind::kAcquired;
  answer.status.active = 1;
  answer.status.limit = 3;
  EXPECT_EQ(lines_of(events_of(kBusiness, kFirst, answer)),
            std::vector<std::string>{"🎧 RECORDING_ENQUEUE business_id=123 sid=CA1abcde... active=1/3"});
}

TEST(SlotEvents, a_press_that_waits_is_logged_to_the_letter) {
  RequestAnswer answer;
  answer.kind = RequestKind::kQueued;
  answer.status.active = 3;
  answer.status.limit = 3;
  answer.lane_length = 1;
  EXPECT_EQ(lines_of(events_of(kBusiness, kFourth, answer)),
            std::vector<std::string>{"⏳ RECORDING_QUEUED business_id=123 sid=CA4abcde... active=3/3 queue_len=1"});
}

TEST(SlotEvents, a_second_press_is_not_logged_again) {
  RequestAnswer answer;
  answer.kind = RequestKind::kProcessing;
  EXPECT_TRUE(events_of(kBusiness, kFirst, answer).empty());
}

TEST(SlotEvents, a_release_is_followed_by_its_next_to_the_letter) {
  FinishAnswer answer;
  answer.held = true;
  answer.active_after = 2;
  answer.limit = 3;
  answer.admitted = {{kFourth, Lane::kPlay, 3, 3}};
  EXPECT_EQ(lines_of(events_of(kBusiness, kFirst, answer)),
            (std::vector<std::string>{"✅ RECORDING_DONE business_id=123 sid=CA1abcde... active=2/3",
                                      "➡️ RECORDING_NEXT business_id=123 sid=CA4abcde... active=3/3"}));
}

TEST(SlotEvents, a_finish_that_held_nothing_or_is_repeated_is_not_logged_as_done) {
  FinishAnswer answer;
  EXPECT_TRUE(events_of(kBusiness, kFirst, answer).empty());
  answer.held = true;
  answer.repeated = true;
  EXPECT_TRUE(events_of(kBusiness, kFirst, answer).empty());
}

TEST(Event, values_cannot_break_a_line_or_pose_as_fields) {
  const Event event{Severity::kInfo, "", "X", {{"detail", std::string("a\nb \x1b[31m active=9/9 \"q\"")}}};
  EXPECT_EQ(format_text(event), R"(X detail="a\x0ab \x1b[31m active=9/9 \"q\"")");
}

}  // namespace
}  // namespace tapedeck
