#include "http/api/call_cursor.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace tapedeck {
namespace {

TEST(CallCursorTest, a_cursor_reads_back_as_its_place) {
  const CursorPlace places[] = {{SystemTime(Milliseconds(1'795'435'200'123)), 42},
                                {SystemTime(Milliseconds(0)), 0},
                                {SystemTime(Milliseconds(-5)), std::numeric_limits<std::int64_t>::max()}};
  for (const CursorPlace& place : places) EXPECT_EQ(parse_cursor(format_cursor(place)).value(), place);
}

TEST(CallCursorTest, a_cursor_with_any_changed_character_is_refused) {
  const std::string cursor = format_cursor({SystemTime(Milliseconds(1'795'435'200'123)), 42});
  for (std::size_t i = 0; i < cursor.size(); ++i) {
    std::string changed = cursor;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(parse_cursor(changed).has_value()) << i;
  }
}

TEST(CallCursorTest, a_refusal_of_garbage_says_what_is_expected) {
  const std::string cursor = format_cursor({SystemTime(Milliseconds(1)), 2});
  for (const std::string& text : {std::string(), std::string("1"), std::string("../../etc/passwd"), cursor + "AAAA",
                                  cursor.substr(1), std::string(5000, 'A')}) {
    const Result<CursorPlace> place = parse_cursor(text);
    ASSERT_FALSE(place.has_value()) << text;
    EXPECT_EQ(place.error().detail, "expected the next_cursor of an earlier answer");
  }
}

}  // namespace
}  // namespace tapedeck
