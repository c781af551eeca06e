# The Lua scripts become part of slots/redis.
set(folder ${CMAKE_CURRENT_SOURCE_DIR}/slots/redis)
file(GLOB scripts CONFIGURE_DEPENDS ${folder}/scripts/*.lua)
file(GLOB shared_lua CONFIGURE_DEPENDS ${folder}/scripts/shared/*.lua)
list(SORT scripts)
list(JOIN scripts "|" inputs)
set(embedded ${CMAKE_CURRENT_BINARY_DIR}/embedded_scripts.cpp)
add_custom_command(
  OUTPUT ${embedded}
  COMMAND ${CMAKE_COMMAND} "-DINPUTS=${inputs}" -DOUTPUT=${embedded} -P ${folder}/embed_scripts.cmake
  DEPENDS ${scripts} ${shared_lua} ${folder}/embed_scripts.cmake
  VERBATIM)
target_sources(tapedeck_slots_redis PRIVATE ${embedded})
