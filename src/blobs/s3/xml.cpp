#include "blobs/s3/xml.hpp"

#include <algorithm>

namespace tapedeck::s3 {
namespace {

std::string_view local_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  return name.substr(std::min(name.find(':') + 1, name.size()));
}

}  // namespace

pugi::xml_document parse_xml(std::string_view text) {
  pugi::xml_document document;
  if (text.size() > kXmlBytesMax) return document;
  constexpr unsigned kOptions = pugi::parse_default | pugi::parse_trim_pcdata;
  // A broken document keeps what came before the break.
  if (!document.load_buffer(text.data(), text.size(), kOptions)) document.reset();
  return document;
}

pugi::xml_node find_element(const pugi::xml_node& node, std::string_view name) {
  return node.find_node([name](const pugi::xml_node& other) { return local_name(other) == name; });
}

std::string text_of(const pugi::xml_node& node, std::string_view name) { return find_element(node, name).text().get(); }

std::vector<pugi::xml_node> elements_of(const pugi::xml_document& document, std::string_view name) {
  std::vector<pugi::xml_node> found;
  for (const pugi::xml_node& child : document.document_element().children()) {
    if (local_name(child) == name) found.push_back(child);
  }
  return found;
}

}  // namespace tapedeck::s3
