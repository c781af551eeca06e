#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "main/cli.hpp"
#include "main/config.hpp"
#include "main/demo.hpp"
#include "main/exit_code.hpp"
#include "main/open_source.hpp"
#include "main/serve.hpp"

int main(int count, char** words) {
  using namespace tapedeck;
  const CommandLine line{.serve = serve,
                         .demo = demo,
                         .open_source = open_provider,
                         .environment = read_environment,
                         .in = std::cin,
                         .out = std::cout,
                         .err = std::cerr};
  try {
    return run_command_line(std::vector<std::string>(words + 1, words + count), line);
  } catch (const std::exception& error) {
    std::cerr << "tapedeck: " << error.what() << '\n';
    return kFailed;
  }
}
