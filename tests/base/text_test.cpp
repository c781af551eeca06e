#include "base/text.hpp"

#include <gtest/gtest.h>

namespace tapedeck {
namespace {

TEST(TextTest, names_in_all_scripts_are_clean) {
  for (const std::string_view text : {"", "+14155550100", "Zoë", "שרה", "サクラ", "\xF0\x9F\x8E\xA7"}) {
    EXPECT_TRUE(is_clean_text(text)) << text;
    EXPECT_EQ(to_clean_text(text, 100), text);
  }
}

TEST(TextTest, ill_formed_bytes_and_control_characters_are_not_clean) {
  const std::string_view texts[] = {
      "\x80", "\xC3", "\xC0\xAF",  "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80",
      "\xFF", "a\nb", "a\x1B[31m", "a\x7F",        "\xC2\x85",     std::string_view("a\0b", 3)};
  for (const std::string_view text : texts) {
    EXPECT_FALSE(is_clean_text(text)) << ::testing::PrintToString(text);
    EXPECT_TRUE(is_clean_text(to_clean_text(text, 100))) << ::testing::PrintToString(text);
  }
}

TEST(TextTest, cleaning_removes_controls_and_marks_ill_formed_bytes) {
  EXPECT_EQ(to_clean_text("a\r\nb\xFF"
                          "c",
                          100),
            "ab\xEF\xBF\xBD"
            "c");
}

TEST(TextTest, cleaning_cuts_between_characters) {
  EXPECT_EQ(to_clean_text("ab\xC3\xAB", 3), "ab");
  EXPECT_EQ(to_clean_text("ab\xC3\xAB", 4), "ab\xC3\xAB");
}

}  // namespace
}  // namespace tapedeck
