#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include "cli/cli.hpp"
#include "cli/demo/demo.hpp"
#include "main/config.hpp"
#include "main/exit_code.hpp"
#include "main/open_source.hpp"
#include "main/serve.hpp"
#include "slots/protocol/planted_bugs.hpp"

namespace {

// Raises the limit of open files as far as allowed: each connection and each recording that is played needs one, and
// Debian's default is 1024. Children inherit the limit.
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
#ifdef TAPEDECK_PLANTED_BUGS
  if (const char* name = std::getenv("TAPEDECK_PLANTED_BUG"); name != nullptr) {
    const auto bug = parse_planted_bug(name);
    if (!bug) {
      std::cerr << "tapedeck: TAPEDECK_PLANTED_BUG: there is no '" << name << "' that a process can have\n";
      return kFailed;
    }
    planted_bug = *bug;
  }
#endif
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
