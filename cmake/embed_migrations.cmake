# For tapedeck_migrations(): writes the .sql files `migrations` of the room `folder` into OUTPUT as C++ string literals, in order
# of their numbers.
get_filename_component(engine ${folder} NAME)
set(entries "")
set(expected 0)
foreach(file IN LISTS migrations)
  get_filename_component(name ${file} NAME)
  math(EXPR expected "${expected} + 1")
  string(REGEX MATCH "^[0-9]+" number ${name})
  math(EXPR version "1${number} - 10000")  # CMake would take a leading zero for octal
  if(NOT version EQUAL expected)
    message(FATAL_ERROR "${name}: expected migration number ${expected}")
  endif()
  file(READ ${file} text)
  string(APPEND entries "    sql::Migration{${version}, \"${name}\", R\"sql(${text})sql\"},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"${folder}/migrations.hpp\"

namespace tapedeck::${engine} {
namespace {
constexpr sql::Migration kMigrations[] = {
${entries}};
}  // namespace

std::span<const sql::Migration> migrations() noexcept { return kMigrations; }

}  // namespace tapedeck::${engine}
")
