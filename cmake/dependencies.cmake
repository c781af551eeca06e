# Everything comes from Debian 12's packages; ./dev installs them.
set(Boost_USE_STATIC_LIBS ON)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(OpenSSL 3.0 REQUIRED)
find_package(CURL 7.88 REQUIRED)
find_package(SQLite3 3.40 REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(prometheus-cpp REQUIRED COMPONENTS core)
find_package(CLI11 2 REQUIRED)
find_package(pugixml 1.13 REQUIRED)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(LIBPQ REQUIRED IMPORTED_TARGET libpq>=15)
pkg_check_modules(SNDFILE REQUIRED IMPORTED_TARGET sndfile>=1.1)
pkg_check_modules(MPG123 REQUIRED IMPORTED_TARGET libmpg123>=1.26)

# Asio and Beast are compiled once here, instead of in each file that includes them.
add_library(tapedeck_boost STATIC ${PROJECT_SOURCE_DIR}/cmake/boost_asio.cpp ${PROJECT_SOURCE_DIR}/cmake/boost_beast.cpp)
target_compile_definitions(tapedeck_boost PUBLIC
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
  BOOST_ASIO_NO_DEPRECATED BOOST_ALLOW_DEPRECATED_HEADERS
  # A request is a dozen coroutine frames deep; each thread keeps that many for the next one instead of the default 2.
  BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE=16)
target_link_libraries(tapedeck_boost PUBLIC Boost::boost Boost::json Boost::url Threads::Threads tapedeck_options)
