# Writes the .lua files (INPUTS, separated by "|") into OUTPUT as C++ string literals, each under its name without the
# extension. A line `--#include "name"` stands for the file scripts/shared/<name>.
string(REPLACE "|" ";" files "${INPUTS}")
set(entries "")
foreach(file IN LISTS files)
  get_filename_component(name ${file} NAME_WE)
  get_filename_component(folder ${file} DIRECTORY)
  file(READ ${file} text)
  while("${text}" MATCHES "--#include \"([a-z_]+\\.lua)\"\n")
    set(line "${CMAKE_MATCH_0}")
    file(READ ${folder}/shared/${CMAKE_MATCH_1} included)
    string(REPLACE "${line}" "${included}" text "${text}")
  endwhile()
  string(APPEND entries "    ScriptText{\"${name}\", R\"lua(${text})lua\"},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"slots/redis/slot_scripts.hpp\"

namespace tapedeck::redis {
namespace {
constexpr ScriptText kTexts[] = {
${entries}};
}  // namespace

std::span<const ScriptText> script_texts() noexcept { return kTexts; }

}  // namespace tapedeck::redis
")
