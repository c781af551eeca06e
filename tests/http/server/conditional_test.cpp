#include "http/server/conditional.hpp"

#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace tapedeck {
namespace {

constexpr std::string_view kBefore = "Sun, 22 Nov 2026 12:00:00 GMT";
constexpr std::string_view kExact = "Mon, 23 Nov 2026 12:00:00 GMT";
constexpr std::string_view kAfter = "Tue, 24 Nov 2026 12:00:00 GMT";

Validators validators() {
  // An HTTP date has no milliseconds, so they must not count.
  return {"\"abc\"", SystemTime(std::chrono::sys_days{std::chrono::year{2026} / 11 / 23} + std::chrono::hours{12} +
                                Milliseconds{250})};
}

Precondition evaluate(const Conditions& conditions, bool safe = true) {
  return evaluate_conditions(conditions, validators(), safe);
}

TEST(Conditional, a_request_without_conditions_proceeds) { EXPECT_EQ(evaluate({}), Precondition::kProceed); }

TEST(Conditional, if_none_match_compares_weakly) {
  for (const std::string_view list :
       {"\"abc\"", "W/\"abc\"", "\"x\", \"abc\"", "\"x\",W/\"abc\" , \"y\"", "*", ",,\"abc\"", "\"a,b\", \"abc\""}) {
    EXPECT_EQ(evaluate({.if_none_match = list}), Precondition::kNotModified) << list;
  }
}

TEST(Conditional, if_none_match_without_the_tag_proceeds) {
  for (const std::string_view list :
       {"\"ABC\"", "\"x\"", "abc", "\"abc", "w/\"abc\"", "\"x\" junk \"abc\"", "W/", "\""}) {
    EXPECT_EQ(evaluate({.if_none_match = list}), Precondition::kProceed) << list;
  }
}

TEST(Conditional, if_none_match_fails_for_methods_that_change) {
  EXPECT_EQ(evaluate({.if_none_match = "\"abc\""}, false), Precondition::kFailed);
  EXPECT_EQ(evaluate({.if_none_match = "\"x\""}, false), Precondition::kProceed);
}

TEST(Conditional, if_match_compares_strongly) {
  EXPECT_EQ(evaluate({.if_match = "\"abc\""}), Precondition::kProceed);
  EXPECT_EQ(evaluate({.if_match = "*"}), Precondition::kProceed);
  EXPECT_EQ(evaluate({.if_match = "\"x\", \"abc\""}), Precondition::kProceed);
  EXPECT_EQ(evaluate({.if_match = "W/\"abc\""}), Precondition::kFailed);
  EXPECT_EQ(evaluate({.if_match = "\"x\""}), Precondition::kFailed);
}

TEST(Conditional, if_modified_since_holds_for_its_own_date_and_later_ones) {
  EXPECT_EQ(evaluate({.if_modified_since = kBefore}), Precondition::kProceed);
  EXPECT_EQ(evaluate({.if_modified_since = kExact}), Precondition::kNotModified);
  EXPECT_EQ(evaluate({.if_modified_since = kAfter}), Precondition::kNotModified);
}

TEST(Conditional, if_modified_since_is_ignored_for_methods_that_change) {
  EXPECT_EQ(evaluate({.if_modified_since = kAfter}, false), Precondition::kProceed);
}

TEST(Conditional, if_unmodified_since_fails_for_an_earlier_date) {
  EXPECT_EQ(evaluate({.if_unmodified_since = kBefore}), Precondition::kFailed);
  EXPECT_EQ(evaluate({.if_unmodified_since = kExact}), Precondition::kProceed);
  EXPECT_EQ(evaluate({.if_unmodified_since = kAfter}), Precondition::kProceed);
}

TEST(Conditional, unreadable_dates_are_ignored) {
  EXPECT_EQ(evaluate({.if_modified_since = "yesterday"}), Precondition::kProceed);
  EXPECT_EQ(evaluate({.if_unmodified_since = "yesterday"}), Precondition::kProceed);
}

TEST(Conditional, tags_are_preferred_to_dates) {
  // RFC 9110 §13.2.2, steps 2 and 4: dates count only without tags.
  EXPECT_EQ(evaluate({.if_match = "\"abc\"", .if_unmodified_since = kBefore}), Precondition::kProceed);
  EXPECT_EQ(evaluate({.if_none_match = "\"x\"", .if_modified_since = kAfter}), Precondition::kProceed);
}

TEST(Conditional, if_match_is_evaluated_before_if_none_match) {
  EXPECT_EQ(evaluate({.if_match = "\"x\"", .if_none_match = "\"abc\""}), Precondition::kFailed);
  EXPECT_EQ(evaluate({.if_match = "\"abc\"", .if_none_match = "\"abc\""}), Precondition::kNotModified);
}

TEST(Conditional, a_range_applies_only_to_the_representation_that_if_range_names) {
  EXPECT_TRUE(range_applies("", validators()));
  EXPECT_TRUE(range_applies("\"abc\"", validators()));
  EXPECT_TRUE(range_applies(kExact, validators()));
  for (const std::string_view other : {std::string_view("\"x\""), std::string_view("W/\"abc\""), kBefore, kAfter,
                                       std::string_view("abc"), std::string_view("*")}) {
    EXPECT_FALSE(range_applies(other, validators())) << other;
  }
}

TEST(HttpDate, all_three_forms_are_read) {
  const auto expected = parse_rfc3339("1994-11-06T08:49:37Z");
  for (const std::string_view text :
       {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"}) {
    const auto time = parse_http_date(text);
    ASSERT_TRUE(time.has_value()) << text;
    EXPECT_EQ(*time, *expected) << text;
  }
}

TEST(HttpDate, other_texts_are_refused) {
  for (const std::string_view text :
       {"", "0", "Sun, 06 Nov 1994 08:49:37 +0100", "Sun, 06 Nov 1994", "Sun, 31 Feb 1994 08:49:37 GMT",
        "1994-11-06T08:49:37Z", "Sunday, 06-Nov-9x 08:49:37 GMT", "Sun Nov 36 08:49:37 1994",
        "Sun, 06 Nov 1994 25:49:37 GMT"}) {
    EXPECT_FALSE(parse_http_date(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace tapedeck
