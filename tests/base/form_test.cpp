#include "base/form.hpp"

#include <gtest/gtest.h>

namespace tapedeck {
namespace {

TEST(FormTest, names_and_values_are_decoded) {
  const Form form = Form::parse("From=%2B14155550100&Caller+Name=Zo%C3%AB+%26+co&Empty=&Bare&=nameless").value();
  ASSERT_EQ(form.fields().size(), 5U);
  EXPECT_EQ(form.find("From"), "+14155550100");
  EXPECT_EQ(form.find("Caller Name"), "Zo\xC3\xAB & co");
  EXPECT_EQ(form.find("Empty"), "");
  EXPECT_EQ(form.find("Bare"), "");
  EXPECT_EQ(form.find(""), "nameless");
}

TEST(FormTest, a_value_keeps_its_equals_signs) { EXPECT_EQ(Form::parse("a=b=c").value().find("a"), "b=c"); }

TEST(FormTest, an_empty_field_is_skipped) { EXPECT_EQ(Form::parse("&&a=1&&").value().fields().size(), 1U); }

TEST(FormTest, find_returns_the_first_of_several_fields) {
  const Form form = Form::parse("a=1&a=2").value();
  EXPECT_EQ(form.find("a"), "1");
  EXPECT_EQ(form.count("a"), 2U);
}

TEST(FormTest, find_filled_treats_an_empty_value_as_absent) {
  const Form form = Form::parse("a=&b=2").value();
  EXPECT_EQ(form.find_filled("a"), std::nullopt);
  EXPECT_EQ(form.find_filled("b"), "2");
  EXPECT_EQ(form.find_filled("c"), std::nullopt);
}

TEST(FormTest, a_broken_escape_is_refused_with_what_is_expected) {
  for (const std::string_view text : {"a=%", "a=%4", "a=%zz", "a=%4g", "%=1", "a=1&b=%-1"}) {
    const Result<Form> form = Form::parse(text);
    ASSERT_FALSE(form.has_value()) << text;
    EXPECT_EQ(form.error().errc(), Errc::kInvalidArgument);
    EXPECT_NE(form.error().detail.find("two hexadecimal digits"), std::string::npos);
  }
}

TEST(FormTest, the_number_of_fields_is_bounded) {
  std::string text;
  for (std::size_t i = 0; i < kFormFieldsMax; ++i) text += "a=1&";
  EXPECT_TRUE(Form::parse(text).has_value());
  EXPECT_FALSE(Form::parse(text + "a=1").has_value());
}

TEST(FormTest, a_plus_in_a_path_stays_a_plus) {
  EXPECT_EQ(percent_decode("a+b%2Fc", false).value(), "a+b/c");
  EXPECT_EQ(percent_decode("a+b", true).value(), "a b");
}

}  // namespace
}  // namespace tapedeck
