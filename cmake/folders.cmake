# One target per folder, so that the link graph is the picture in ARCHITECTURE.md.

# tapedeck_precompile(<target> <header>): the target compiles with what <header>'s target has parsed, once for all of them.
function(tapedeck_precompile target header)
  if(NOT CMAKE_DISABLE_PRECOMPILE_HEADERS)
    target_precompile_headers(${target} REUSE_FROM tapedeck_${header})
  endif()
endfunction()

# tapedeck_precompiled(<header> <dependency>...): parses cmake/<header>.hpp for those that include most of it.
function(tapedeck_precompiled header)
  if(CMAKE_DISABLE_PRECOMPILE_HEADERS)
    return()
  endif()
  set(nothing ${CMAKE_CURRENT_BINARY_DIR}/${header}.cpp)
  file(CONFIGURE OUTPUT ${nothing} CONTENT "")
  add_library(tapedeck_${header} OBJECT ${nothing})
  target_link_libraries(tapedeck_${header} PRIVATE ${ARGN} tapedeck_options)
  target_precompile_headers(tapedeck_${header} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/${header}.hpp)
endfunction()

# tapedeck_folder(<target> <dependency>...): a library of every .cpp in the current folder.
function(tapedeck_folder target)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  if(sources)
    add_library(${target} STATIC ${sources})
    target_link_libraries(${target} PUBLIC ${ARGN} tapedeck_options)
    target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/src)
    if(NOT target STREQUAL tapedeck_core)  # knows nothing of Asio
      tapedeck_precompile(${target} precompiled)
    endif()
  else()
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE ${ARGN} tapedeck_options)
    target_include_directories(${target} INTERFACE ${PROJECT_SOURCE_DIR}/src)
  endif()
endfunction()

# tapedeck_migrations(<adapter>): the .sql files in its migrations/ become part of tapedeck_<adapter>.
function(tapedeck_migrations adapter)
  file(GLOB migrations CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/migrations/*.sql)
  list(SORT migrations)
  list(JOIN migrations "|" inputs)
  set(embedded ${CMAKE_CURRENT_BINARY_DIR}/embedded_migrations.cpp)
  set(script ${PROJECT_SOURCE_DIR}/cmake/embed_migrations.cmake)
  add_custom_command(
    OUTPUT ${embedded}
    COMMAND ${CMAKE_COMMAND} "-DINPUTS=${inputs}" -DADAPTER=${adapter} -DOUTPUT=${embedded} -P ${script}
    DEPENDS ${migrations} ${script}
    VERBATIM)
  target_sources(tapedeck_${adapter} PRIVATE ${embedded})
endfunction()

# tapedeck_tests(<folder> <dependency>... [AT_ONCE <filter>...]): one GoogleTest program of every *_test.cpp below
# tests/<folder>. Each test is run by itself, but those of a filter together: what they share is slow to start.
function(tapedeck_tests folder)
  cmake_parse_arguments(PARSE_ARGV 1 tests "" "" "AT_ONCE")
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp)
  if(NOT sources)
    return()
  endif()
  string(REPLACE "/" "_" name ${folder})
  add_executable(${name}_tests ${sources})
  target_link_libraries(${name}_tests PRIVATE ${tests_UNPARSED_ARGUMENTS} tapedeck_options GTest::gmock GTest::gtest_main)
  target_include_directories(${name}_tests PRIVATE ${PROJECT_SOURCE_DIR})
  if(NOT name STREQUAL core)
    tapedeck_precompile(${name}_tests precompiled_tests)
  endif()
  set(timeout 900)
  if(TAPEDECK_FULL)
    set(timeout 7200)
  endif()
  set(filter)
  if(tests_AT_ONCE)
    list(JOIN tests_AT_ONCE ":" others)
    set(filter TEST_FILTER "-${others}")
  endif()
  foreach(group IN LISTS tests_AT_ONCE)
    add_test(NAME "${folder}: ${group}" COMMAND ${name}_tests --gtest_filter=${group})
    set_tests_properties("${folder}: ${group}" PROPERTIES TIMEOUT ${timeout} LABELS ${name})
  endforeach()
  # The long ones begin first.
  set(cost 0)
  if(name STREQUAL simulation)
    set(cost 200)
  endif()
  gtest_discover_tests(${name}_tests TEST_PREFIX "${folder}: " DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60 ${filter}
                       PROPERTIES TIMEOUT ${timeout} LABELS ${name} COST ${cost})
endfunction()
