#include "http/api/documents.hpp"

#include <array>
#include <string>

#include "http/api/document_pages.hpp"

// The assembler copies the files into the binary. documents.cmake defines TAPEDECK_HTTP_FOLDER, and makes this source
// depend on them.
#define TAPEDECK_EMBED(symbol, file)                 \
  __asm__(                                           \
      ".section .rodata\n"                           \
      ".global tapedeck_" #symbol                    \
      "_begin\n"                                     \
      ".global tapedeck_" #symbol                    \
      "_end\n"                                       \
      "tapedeck_" #symbol                            \
      "_begin:\n"                                    \
      ".incbin \"" TAPEDECK_HTTP_FOLDER "/" file     \
      "\"\n"                                         \
      "tapedeck_" #symbol                            \
      "_end:\n"                                      \
      ".byte 0\n"                                    \
      ".previous\n");                                \
  extern "C" const char tapedeck_##symbol##_begin[]; \
  extern "C" const char tapedeck_##symbol##_end[];

TAPEDECK_EMBED(openapi, "openapi.json")
TAPEDECK_EMBED(docs, "docs.html")
TAPEDECK_EMBED(problems, "problems.html")
TAPEDECK_EMBED(docs_style, "docs.css")

namespace tapedeck::http {
namespace {

std::string_view between(const char* begin, const char* end) { return {begin, static_cast<std::size_t>(end - begin)}; }

}  // namespace

std::string_view openapi_document() { return between(tapedeck_openapi_begin, tapedeck_openapi_end); }

std::span<const StaticAsset> embedded_documents() {
  constexpr std::string_view kHtml = "text/html; charset=utf-8";
  static const std::string kDocs = docs_page(between(tapedeck_docs_begin, tapedeck_docs_end), openapi_document());
  static const std::string kProblems = problems_page(between(tapedeck_problems_begin, tapedeck_problems_end));
  static const std::array kDocuments{
      StaticAsset{"/openapi.json", "application/json", openapi_document(), false},
      StaticAsset{"/docs", kHtml, kDocs, false},
      StaticAsset{"/docs/problems", kHtml, kProblems, false},
      StaticAsset{"/docs/style.css", "text/css; charset=utf-8",
                  between(tapedeck_docs_style_begin, tapedeck_docs_style_end), false},
  };
  return kDocuments;
}

}  // namespace tapedeck::http
