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
  // The milliseconds cannot be said in an HTTP date, so they must not count.
  return {"\"abc\"", SystemTime(std::chrono::sys_days{std::chrono::year{2026} / 11 / 23} + std::chrono::hours{12} +
                                Milliseconds{250})};
}

Precondition evaluate(const Conditions& conditions, bool safe = true) {
  return evaluate_conditions(conditions, validators(), safe);
}

TEST(Conditional, proceeds_without_conditions) { EXPECT_EQ(evaluate({}), Precondition::kProceed); }

TEST(Conditional, is_not_modified_when_if_none_match_lists_the_tag_weakly_compared) {
  for (const std::string_view list :
       {"\"abc\"", "W/\"abc\"", "\"x\", \"abc\"", "\"x\",W/\"abc\" , \"y\"", "*", ",,\"abc\"", "\"a,b\", \"abc\""}) {
    EXPECT_EQ(evaluate({.if_none_match = list}), Precondition::kNotModified) << list;
  }
}

TEST(Conditional, proceeds_when_if_none_match_lists_other_tags_or_none) {
  for (const std::string_view list :
       {"\"ABC\"", "\"x\"", "abc", "\"abc", "w/\"abc\"", "\"x\" junk \"abc\"", "W/", "\""}) {
    EXPECT_EQ(evaluate({.if_none_match = list}), Precondition::kProceed) << list;
  }
}

TEST(Conditional, fails_instead_of_not_modified_for_methods_that_change) {
  EXPECT_EQ(evaluate({.if_none_match = "\"abc\""}, false), Precondition::kFailed);
  EXPECT_EQ(evaluate({.if_none_match = "\"x\""}, false), Precondition::kProceed);
}

TEST(Conditional, compares_if_match_strongly) {
  EXPECT_EQ(evaluate({.if_match = "\"abc\""}), Precondition::kProceed);
  EXPECT_EQ(evaluate({.if_match = "*"}), Precondition::kProceed);
  EXPECT_EQ(evaluate({.if_match = "\"x\", \"abc\""}), Precondition::kProceed);
  EXPECT_EQ(evaluate({.if_match = "W/\"abc\""}), Precondition::kFailed);
  EXPECT_EQ(evaluate({.if_match = "\"x\""}), Precondition::kFailed);
}

TEST(Conditional, is_not_modified_since_its_own_date_or_a_later_one) {
  EXPECT_EQ(evaluate({.if_modified_since = kBefore}), Precondition::kProceed);
  EXPECT_EQ(evaluate({.if_modified_since = kExact}), Precondition::kNotModified);
  EXPECT_EQ(evaluate({.if_modified_since = kAfter}), Precondition::kNotModified);
}

TEST(Conditional, ignores_if_modified_since_for_methods_that_change) {
  EXPECT_EQ(evaluate({.if_modified_since = kAfter}, false), Precondition::kProceed);
}

TEST(Conditional, fails_when_modified_after_if_unmodified_since) {
  EXPECT_EQ(evaluate({.if_unmodified_since = kBefore}), Precondition::kFailed);
  EXPECT_EQ(evaluate({.if_unmodified_since = kExact}), Precondition::kProceed);
  EXPECT_EQ(evaluate({.if_unmodified_since = kAfter}), Precondition::kProceed);
}

TEST(Conditional, ignores_dates_that_cannot_be_read) {
  EXPECT_EQ(evaluate({.if_modified_since = "yesterday"}), Precondition::kProceed);
  EXPECT_EQ(evaluate({.if_unmodified_since = "yesterday"}), Precondition::kProceed);
}

TEST(Conditional, prefers_tags_to_dates) {
  // RFC 9110 §13.2.2, steps 2 and 4: the dates count only without the tags.
  EXPECT_EQ(evaluate({.if_match = "\"abc\"", .if_unmodified_since = kBefore}), Precondition::kProceed);
  EXPECT_EQ(evaluate({.if_none_match = "\"x\"", .if_modified_since = kAfter}), Precondition::kProceed);
}

TEST(Conditional, evaluates_if_match_before_if_none_match) {
  EXPECT_EQ(evaluate({.if_match = "\"x\"", .if_none_match = "\"abc\""}), Precondition::kFailed);
  EXPECT_EQ(evaluate({.if_match = "\"abc\"", .if_none_match = "\"abc\""}), Precondition::kNotModified);
}

TEST(Conditional, applies_a_range_only_to_the_representation_that_if_range_names) {
  EXPECT_TRUE(range_applies("", validators()));
  EXPECT_TRUE(range_applies("\"abc\"", validators()));
  EXPECT_TRUE(range_applies(kExact, validators()));
  for (const std::string_view other : {std::string_view("\"x\""), std::string_view("W/\"abc\""), kBefore, kAfter,
                                       std::string_view("abc"), std::string_view("*")}) {
    EXPECT_FALSE(range_applies(other, validators())) << other;
  }
}

TEST(HttpDate, is_read_in_all_three_forms) {
  const auto expected = parse_rfc3339("1994-11-06T08:49:37Z");
  for (const std::string_view text :
       {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"}) {
    const auto time = parse_http_date(text);
    ASSERT_TRUE(time.has_value()) << text;
    EXPECT_EQ(*time, *expected) << text;
  }
}

TEST(HttpDate, refuses_other_texts) {
  for (const std::string_view text :
       {"", "0", "Sun, 06 Nov 1994 08:49:37 +0100", "Sun, 06 Nov 1994", "Sun, 31 Feb 1994 08:49:37 GMT",
        "1994-11-06T08:49:37Z", "Sunday, 06-Nov-9x 08:49:37 GMT", "Sun Nov 36 08:49:37 1994",
        "Sun, 06 Nov 1994 25:49:37 GMT"}) {
    EXPECT_FALSE(parse_http_date(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace tapedeck
