#include "cli/view/progress.hpp"

#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/virtual_clock.hpp"

namespace tapedeck {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Progress : public testing::Test {
 protected:
  ProgressView view(ProgressView::Form form) { return {form, Milliseconds{1'000}, lines_, terminal_, clock_}; }
  static std::string words(const Pace&) { return "words"; }

  VirtualClock clock_;
  std::ostringstream lines_;
  std::ostringstream terminal_;
};

TEST_F(Progress, a_line_is_written_at_most_once_in_an_interval) {
  ProgressView lines = view(ProgressView::Form::kLines);
  lines.show(1, 10, words);
  EXPECT_THAT(lines_.str(), IsEmpty());
  for (int done = 2; done < 10; ++done) {
    clock_.advance(Milliseconds{500});
    lines.show(done, 10, words);
  }
  EXPECT_EQ(lines_.str(), "words\nwords\nwords\nwords\n");
  EXPECT_THAT(terminal_.str(), IsEmpty());
}

TEST_F(Progress, a_new_part_is_shown_at_once) {
  ProgressView lines = view(ProgressView::Form::kLines);
  for (int part = 0; part < 3; ++part) {
    lines.begin_part();
    lines.show(0, 10, words);
    lines.show(1, 10, words);
  }
  EXPECT_EQ(lines_.str(), "words\nwords\nwords\n");
}

TEST_F(Progress, the_time_left_follows_from_the_rate_of_the_part) {
  ProgressView lines = view(ProgressView::Form::kLines);
  lines.begin_part();
  lines.show(100, 200, words);  // of an earlier run: no part of the rate
  clock_.advance(Seconds{10});
  lines.show(120, 200, [](const Pace& pace) {
    EXPECT_DOUBLE_EQ(pace.per_second, 2);
    EXPECT_DOUBLE_EQ(pace.seconds_left.value(), 40);
    return std::string();
  });
}

TEST_F(Progress, an_unknown_total_has_a_rate_but_no_bar_and_no_time_left) {
  ProgressView bar = view(ProgressView::Form::kBar);
  bar.begin_part();
  bar.show(0, 0, words);
  clock_.advance(Seconds{1});
  bar.show(7, 0, words);
  EXPECT_THAT(terminal_.str(), EndsWith("\r\x1b[Kwords, 7.0/s"));
}

TEST_F(Progress, a_bar_is_drawn_over_and_removed_at_the_end) {
  {
    ProgressView bar = view(ProgressView::Form::kBar);
    bar.begin_part();
    bar.show(0, 4, words);
    clock_.advance(Seconds{1});
    bar.show(1, 4, words);
    EXPECT_THAT(terminal_.str(), EndsWith("\r\x1b[K[#######.......................]  25% words, 1.0/s, 0:03 left"));
    EXPECT_THAT(terminal_.str(), Not(HasSubstr("\n")));
  }
  EXPECT_THAT(terminal_.str(), EndsWith("left\r\x1b[K"));
  EXPECT_THAT(lines_.str(), IsEmpty());
}

TEST_F(Progress, a_bar_stays_within_its_width_when_the_work_grows) {
  ProgressView bar = view(ProgressView::Form::kBar);
  bar.begin_part();
  bar.show(9, 4, words);
  EXPECT_THAT(terminal_.str(), HasSubstr("[" + std::string(30, '#') + "] 100% "));
}

TEST_F(Progress, nothing_is_shown_to_nobody) {
  ProgressView none = view(ProgressView::Form::kNone);
  none.begin_part();
  none.show(1, 2, words);
  EXPECT_THAT(lines_.str() + terminal_.str(), IsEmpty());
}

}  // namespace
}  // namespace tapedeck
