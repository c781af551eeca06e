# For src/main/CMakeLists.txt: writes every file below `page_dist` into OUTPUT as bytes of a C++ file.
file(GLOB_RECURSE files RELATIVE ${page_dist} ${page_dist}/*)
list(SORT files)
set(arrays "")
set(rows "")
set(index 0)
foreach(name IN LISTS files)
  get_filename_component(extension ${name} LAST_EXT)
  if(extension STREQUAL ".html")
    set(type "text/html; charset=utf-8")
  elseif(extension STREQUAL ".js")
    set(type "text/javascript; charset=utf-8")
  elseif(extension STREQUAL ".css")
    set(type "text/css; charset=utf-8")
  elseif(extension STREQUAL ".svg")
    set(type "image/svg+xml")
  elseif(extension STREQUAL ".json" OR extension STREQUAL ".webmanifest")
    set(type "application/json")
  else()
    message(FATAL_ERROR "web/dist/${name}: cmake/embed_page.cmake does not know the type of ${extension}")
  endif()
  # Vite puts files with a hash in the name below assets/.
  set(hashed false)
  if(name MATCHES "^assets/")
    set(hashed true)
  endif()
  file(READ ${page_dist}/${name} bytes HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
  string(APPEND arrays "constexpr char kFile${index}[] = {${bytes}'\\0'};\n")
  string(APPEND rows "    {\"/${name}\", \"${type}\", {kFile${index}, sizeof(kFile${index}) - 1}, ${hashed}},\n")
  math(EXPR index "${index} + 1")
endforeach()
file(WRITE ${OUTPUT} "// Made by cmake/embed_page.cmake.
#include \"main/page_assets.hpp\"

#include <array>

namespace tapedeck {
namespace {

${arrays}
constexpr std::array<http::StaticAsset, ${index}> kAssets{{
${rows}}};

}  // namespace

std::span<const http::StaticAsset> page_assets() { return kAssets; }

}  // namespace tapedeck
")
