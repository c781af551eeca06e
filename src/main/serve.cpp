#include "main/serve.hpp"

#include <cstdio>

#include <fmt/format.h>

#include "main/exit_code.hpp"
#include "main/node.hpp"
#include "main/stop_signal.hpp"

namespace tapedeck {

int serve(const Settings& settings) {
  StopSignal signal;
  auto node = Node::make(settings);
  if (!node) {
    fmt::print(stderr, "tapedeck: {}\n", node.error().detail);
    return kFailed;
  }
  if (auto started = (*node)->start(); !started) {
    fmt::print(stderr, "tapedeck: {}\n", started.error().detail);
    return kFailed;
  }
  signal.wait();
  (*node)->stop();
  return kDone;
}

}  // namespace tapedeck
