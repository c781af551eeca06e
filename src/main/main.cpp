#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include "cli/cli.hpp"
#include "cli/demo/demo.hpp"
#include "cli/exit_code.hpp"
#include "main/config.hpp"
#include "main/open_source.hpp"
#include "main/serve.hpp"

namespace {

// Debian starts programs with 1024 open files allowed, and lets them have more for the asking: each connection and each
// recording that is played needs one. Children get the same.
void allow_open_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int count, char** words) {
  using namespace tapedeck;
  allow_open_files();
  const CommandLine line{.serve = serve,
                         .demo = demo,
                         .open_source = open_provider,
                         .open_listing = open_provider_listing,
                         .environment = read_environment,
                         .in = std::cin,
                         .out = std::cout,
                         .err = std::cerr,
                         .out_is_terminal = ::isatty(STDOUT_FILENO) == 1};
  try {
    return run_command_line(std::vector<std::string>(words + 1, words + count), line);
  } catch (const std::exception& error) {
    std::cerr << "tapedeck: " << error.what() << '\n';
    return kFailed;
  }
}
