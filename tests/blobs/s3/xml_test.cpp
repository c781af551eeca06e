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
    {"<Code>&nonsense; &</Code>", "&nonsense; &"},
    {"<Code><![CDATA[a<b]]></Code>", "a<b"},
    {"<Code></Code>", ""},
    {"<Code/>", ""},
    {"<CodeName>x</CodeName><Code>y</Code>", "y"},
    {"<!-- no --><Code>y</Code>", "y"},
    {"", "none"},
    {"not xml", "none"},
    {"<Code>", "none"},
    {"<Code", "none"},
    {"</Code>", "none"},
    {"<Error><Code>SlowDown</Code>", "none"},
    {"<code>x</code>", "none"},
    {"{\"Code\": 1}", "none"},
};

TEST(S3Xml, an_elements_text_is_found_whatever_stands_around_it) {
  for (const Row& row : kRows) {
    const pugi::xml_document document = parse_xml(row.xml);
    EXPECT_EQ(find_element(document, "Code") ? text_of(document, "Code") : "none", row.text) << row.xml;
  }
}

TEST(S3Xml, the_roots_children_of_a_name_are_found_in_order) {
  const pugi::xml_document document = parse_xml("<L><U><K>1</K></U><V/><U/><x:U><K>2</K></x:U></L>");
  const auto found = elements_of(document, "U");
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(text_of(found[0], "K"), "1");
  EXPECT_EQ(text_of(found[1], "K"), "");
  EXPECT_EQ(text_of(found[2], "K"), "2");
}

TEST(S3Xml, an_entity_of_a_document_type_is_not_expanded) {
  const std::string bomb =
      "<!DOCTYPE l [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\"><!ENTITY f SYSTEM \"file:///etc/passwd\">]>"
      "<L><Code>&b;&f;</Code></L>";
  EXPECT_EQ(text_of(parse_xml(bomb), "Code"), "&b;&f;");
}

TEST(S3Xml, a_document_beyond_the_limit_is_not_parsed) {
  const std::string filler(kXmlBytesMax, ' ');
  EXPECT_FALSE(find_element(parse_xml("<Code>x</Code>" + filler), "Code"));
}

TEST(S3Xml, deep_nesting_does_no_harm) {
  constexpr std::size_t kDepth = 100'000;
  std::string xml;
  for (std::size_t i = 0; i < kDepth; ++i) xml += "<a>";
  xml += "<Code>x</Code>";
  for (std::size_t i = 0; i < kDepth; ++i) xml += "</a>";
  EXPECT_EQ(text_of(parse_xml(xml), "Code"), "x");
}

}  // namespace
}  // namespace tapedeck::s3
