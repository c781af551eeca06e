#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// As much of XML as S3's answers need. Not a parser: it finds elements by their names, wherever they are, and takes
// what it does not understand for not there. Answers are bounded before they come here.

namespace tapedeck::s3 {

/// Most elements of one name that are looked at.
inline constexpr std::size_t kXmlElementsMax = 10'000;

/// What stands between the tags of each element of that name, in order, with its markup. A prefix before the name and
/// attributes are passed over; elements of one name within each other are not known.
[[nodiscard]] std::vector<std::string_view> xml_elements(std::string_view xml, std::string_view name);

/// The first element's text, with its entities replaced and without white space at its ends.
[[nodiscard]] std::optional<std::string> xml_text(std::string_view xml, std::string_view name);

/// Text as it may stand between tags.
[[nodiscard]] std::string xml_escape(std::string_view text);

}  // namespace tapedeck::s3
