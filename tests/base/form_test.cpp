#include "base/form.hpp"

#include <gtest/gtest.h>

namespace tapedeck {
namespace {

TEST(FormTest, decodes_names_and_values) {
  const Form form = Form::parse("From=%2B14155550100&Caller+Name=Zo%C3%AB+%26+co&Empty=&Bare&=nameless").value();
  ASSERT_EQ(form.fields().size(), 5U);
  EXPECT_EQ(form.find("From"), "+14155550100");
  EXPECT_EQ(form.find("Caller Name"), "Zo\xC3\xAB & co");
  EXPECT_EQ(form.find("Empty"), "");
  EXPECT_EQ(form.find("Bare"), "");
  EXPECT_EQ(form.find(""), "nameless");
}

TEST(FormTest, keeps_equals_signs_in_a_value) { EXPECT_EQ(Form::parse("a=b=c").value().find("a"), "b=c"); }

TEST(FormTest, skips_nothing_between_two_separators) { EXPECT_EQ(Form::parse("&&a=1&&").value().fields().size(), 1U); }

TEST(FormTest, finds_the_first_of_several) {
  const Form form = Form::parse("a=1&a=2").value();
  EXPECT_EQ(form.find("a"), "1");
  EXPECT_EQ(form.count("a"), 2U);
}

TEST(FormTest, counts_an_empty_value_as_absent_where_asked) {
  const Form form = Form::parse("a=&b=2").value();
  EXPECT_EQ(form.find_filled("a"), std::nullopt);
  EXPECT_EQ(form.find_filled("b"), "2");
  EXPECT_EQ(form.find_filled("c"), std::nullopt);
}

TEST(FormTest, refuses_a_broken_escape_and_says_what_is_expected) {
  for (const std::string_view text : {"a=%", "a=%4", "a=%zz", "a=%4g", "%=1", "a=1&b=%-1"}) {
    const Result<Form> form = Form::parse(text);
    ASSERT_FALSE(form.has_value()) << text;
    EXPECT_EQ(form.error().errc(), Errc::kInvalidArgument);
    EXPECT_NE(form.error().detail.find("two hexadecimal digits"), std::string::npos);
  }
}

TEST(FormTest, bounds_the_number_of_fields) {
  std::string text;
  for (std::size_t i = 0; i < kFormFieldsMax; ++i) text += "a=1&";
  EXPECT_TRUE(Form::parse(text).has_value());
  EXPECT_FALSE(Form::parse(text + "a=1").has_value());
}

TEST(FormTest, leaves_a_plus_alone_in_a_path) {
  EXPECT_EQ(percent_decode("a+b%2Fc", false).value(), "a+b/c");
  EXPECT_EQ(percent_decode("a+b", true).value(), "a b");
}

}  // namespace
}  // namespace tapedeck
