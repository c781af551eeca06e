#include "http/api/document_pages.hpp"

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "http/api/problem.hpp"

namespace tapedeck::http {
namespace {

// Where a template takes what the code knows.
constexpr std::string_view kMark = "<!-- generated -->";

std::string filled(std::string_view page, std::string_view content) {
  const std::size_t at = page.find(kMark);
  return std::string(page.substr(0, at)).append(content).append(page.substr(at + kMark.size()));
}

std::string escaped(std::string_view text) {
  std::string html;
  for (const char c : text) {
    switch (c) {
      case '&': html += "&amp;"; break;
      case '<': html += "&lt;"; break;
      case '>': html += "&gt;"; break;
      default: html += c;
    }
  }
  return html;
}

std::string_view text_of(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains({name.data(), name.size()});
  if (value == nullptr) return {};
  return {value->as_string().data(), value->as_string().size()};
}

std::string upper(std::string_view text) {
  std::string letters(text);
  for (char& c : letters) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return letters;
}

std::string row(std::string_view method, std::string_view path, const boost::json::object& operation) {
  std::string statuses;
  for (const auto& response : operation.at("responses").as_object()) {
    if (!statuses.empty()) statuses += ", ";
    statuses += std::string_view(response.key());
  }
  return fmt::format("<tr><td><code>{} {}</code></td><td>{}. {}</td><td>{}</td></tr>\n", upper(method), path,
                     escaped(text_of(operation, "summary")), escaped(text_of(operation, "description")), statuses);
}

}  // namespace

std::string docs_page(std::string_view page, std::string_view openapi) {
  const boost::json::value document = boost::json::parse({openapi.data(), openapi.size()});
  std::string tables;
  for (const auto& tag : document.at("tags").as_array()) {
    tables += fmt::format(
        "<h2>{}</h2>\n<table>\n<thead><tr><th scope=\"col\">Request</th><th scope=\"col\">What it does</th>"
        "<th scope=\"col\">Answers</th></tr></thead>\n<tbody>\n",
        escaped(text_of(tag.as_object(), "description")));
    for (const auto& path : document.at("paths").as_object()) {
      for (const auto& operation : path.value().as_object()) {
        const boost::json::object* entry = operation.value().if_object();  // "parameters" of the path are an array
        if (entry == nullptr || entry->at("tags").at(0) != tag.at("name")) continue;
        tables += row(operation.key(), path.key(), *entry);
      }
    }
    tables += "</tbody>\n</table>\n";
  }
  return filled(page, tables);
}

std::string problems_page(std::string_view page) {
  std::string entries;
  for (const ProblemType& type : problem_types()) {
    entries += fmt::format("<h2 id=\"{0}\">{1} {2}</h2>\n<p><code>/docs/problems#{0}</code></p>\n<p>{3}</p>\n",
                           type.slug, type.status, escaped(type.title), escaped(type.help));
  }
  return filled(page, entries);
}

}  // namespace tapedeck::http
