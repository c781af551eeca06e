#include "blobs/s3/xml.hpp"

#include <gtest/gtest.h>

namespace tapedeck::s3 {
namespace {

struct Row {
  std::string xml;
  std::string text;  // of the first <Code>
};

const Row kRows[] = {
    {"<Error><Code>SlowDown</Code></Error>", "SlowDown"},
    {"<?xml version=\"1.0\"?>\n<Error>\n  <Code>\n SlowDown </Code>\n</Error>", "SlowDown"},
    {"<s:Error xmlns:s=\"x\"><s:Code a=\"b\">SlowDown</s:Code></s:Error>", "SlowDown"},
    {"<Code>a &amp; b &lt;c&gt; &quot;d&quot; &apos;e&apos; &#39;&#x41;&#65;</Code>", "a & b <c> \"d\" 'e' 'AA"},
    {"<Code>&nonsense; &#0; &#999999; &</Code>", "&nonsense; &#0; &#999999; &"},
    {"<Code></Code>", ""},
    {"<Code/>", ""},
    {"<CodeName>x</CodeName><Code>y</Code>", "y"},
    {"<!-- no --><Code>y</Code>", "y"},
    {"", "none"},
    {"not xml", "none"},
    {"<Code>", "none"},
    {"<Code", "none"},
    {"</Code>", "none"},
    {"<code>x</code>", "none"},
    {"{\"Code\": 1}", "none"},
};

TEST(S3Xml, gives_the_text_of_an_element_whatever_stands_around_it) {
  for (const Row& row : kRows) EXPECT_EQ(xml_text(row.xml, "Code").value_or("none"), row.text) << row.xml;
}

TEST(S3Xml, gives_every_element_of_a_name_with_its_markup) {
  const auto found = xml_elements("<L><U><K>1</K></U><U/><U><K>2</K></U></L>", "U");
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0], "<K>1</K>");
  EXPECT_EQ(found[1], "");
  EXPECT_EQ(xml_text(found[2], "K"), "2");
}

TEST(S3Xml, looks_at_a_bounded_number_of_elements) {
  std::string xml;
  for (std::size_t i = 0; i < kXmlElementsMax + 5; ++i) xml += "<U/>";
  EXPECT_EQ(xml_elements(xml, "U").size(), kXmlElementsMax);
}

TEST(S3Xml, escapes_what_would_be_markup) { EXPECT_EQ(xml_escape("a<b>&\"c'"), "a&lt;b&gt;&amp;&quot;c&apos;"); }

}  // namespace
}  // namespace tapedeck::s3
