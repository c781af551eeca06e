# Compiler settings shared by every target of ours, as one interface target.
add_library(tapedeck_options INTERFACE)

target_compile_options(tapedeck_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wold-style-cast
  -Wimplicit-fallthrough -Wcast-align -Wunused -Werror)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports these from inside libraries' templates and coroutine frames when it inlines.
  target_compile_options(tapedeck_options INTERFACE
    -Wno-maybe-uninitialized -Wno-array-bounds -Wno-stringop-overflow -Wno-restrict $<$<CONFIG:Release>:-Wno-mismatched-new-delete>)
endif()

target_compile_options(tapedeck_options INTERFACE -fstack-protector-strong -fno-omit-frame-pointer)
# As hiredis wants it; for all, because what is precompiled serves them all.
target_compile_definitions(tapedeck_options INTERFACE _FILE_OFFSET_BITS=64)
target_compile_definitions(tapedeck_options INTERFACE $<$<CONFIG:Release,RelWithDebInfo>:_FORTIFY_SOURCE=2>)

if(TAPEDECK_SANITIZE)
  list(JOIN TAPEDECK_SANITIZE "," sanitizers)
  target_compile_options(tapedeck_options INTERFACE -fsanitize=${sanitizers} -fno-sanitize-recover=all -g1)
  target_link_options(tapedeck_options INTERFACE -fsanitize=${sanitizers})
  if("address" IN_LIST TAPEDECK_SANITIZE)
    # Asio recycles coroutine frames, which hides a use after free.
    target_compile_definitions(tapedeck_options INTERFACE BOOST_ASIO_DISABLE_AWAITABLE_FRAME_RECYCLING)
  endif()
  if("thread" IN_LIST TAPEDECK_SANITIZE)
    # TSan does not understand fences, and GCC warns that it does not; as for new and delete, it sees through one half of
    # Asio's pair for coroutine frames.
    target_compile_definitions(tapedeck_options INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
    target_compile_options(tapedeck_options INTERFACE -Wno-tsan -Wno-mismatched-new-delete)
  endif()
else()
  find_program(MOLD mold)
  if(MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_link_options(tapedeck_options INTERFACE -fuse-ld=mold)
  endif()
endif()

find_program(CCACHE ccache)
if(CCACHE)
  # With precompiled headers ccache works only when it is told not to mind what they hide from it.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(tapedeck_options INTERFACE -fpch-preprocess)
  endif()
endif()
