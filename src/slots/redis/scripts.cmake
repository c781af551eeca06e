# Embeds the Lua scripts in slots/redis.
set(folder ${CMAKE_CURRENT_SOURCE_DIR}/slots/redis)
file(GLOB scripts CONFIGURE_DEPENDS ${folder}/scripts/*.lua)
file(GLOB shared_lua CONFIGURE_DEPENDS ${folder}/scripts/shared/*.lua)
list(SORT scripts)
set(embedded ${CMAKE_CURRENT_BINARY_DIR}/embedded_scripts.cpp)
tapedeck_generate(${embedded} ${folder}/embed_scripts.cmake ${scripts} ${shared_lua})
target_sources(tapedeck_slots_redis PRIVATE ${embedded})
