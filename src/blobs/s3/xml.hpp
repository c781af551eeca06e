#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <pugixml.hpp>

// S3's answers as XML. Their size is bounded before they come here (kAnswerBytesMax); pugixml skips document type
// declarations, and expands none but the predefined and numeric entities.

namespace tapedeck::s3 {

/// Most bytes of an answer that are parsed.
inline constexpr std::size_t kXmlBytesMax = 1024 * 1024;

/// An answer's elements; none if it is no whole XML document, or longer than kXmlBytesMax.
[[nodiscard]] pugi::xml_document parse_xml(std::string_view text);

/// The first element below `node` with that name, at any depth. A namespace prefix is ignored. Null: there is none.
[[nodiscard]] pugi::xml_node find_element(const pugi::xml_node& node, std::string_view name);

/// That element's text without white space at its ends; empty if there is no such element.
[[nodiscard]] std::string text_of(const pugi::xml_node& node, std::string_view name);

/// The children of the document's root with that name, in order.
[[nodiscard]] std::vector<pugi::xml_node> elements_of(const pugi::xml_document& document, std::string_view name);

}  // namespace tapedeck::s3
