#include "main/serve.hpp"

#include <cstdio>

#include <fmt/format.h>

#include "main/exit_code.hpp"
#include "main/node.hpp"
#include "main/service_manager.hpp"
#include "main/stop_signal.hpp"
#include "main/supervisor.hpp"
#include "slots/protocol/planted_bugs.hpp"

namespace tapedeck {
namespace {

int run_node(const Settings& settings, Supervised supervised) {
  StopSignal signal;
  auto node = Node::make(settings, std::move(supervised.pulse));
  if (!node) {
    fmt::print(stderr, "tapedeck: {}\n", node.error().detail);
    return kFailed;
  }
  if (auto started = (*node)->start(); !started) {
    fmt::print(stderr, "tapedeck: {}\n", started.error().detail);
    return kFailed;
  }
  supervised.ready ? supervised.ready() : notify_ready();
  signal.wait();
  supervised.stopping ? supervised.stopping() : notify_stopping();
  (*node)->stop();
  return kDone;
}

}  // namespace

int serve(const Settings& settings) {
  // Only a worker beside others needs a supervisor: the slots of a process that is alone end with it.
  if (role_of(settings) != Role::kWorker || planted(PlantedBug::kNoSupervisor)) return run_node(settings, {});
  return supervise(settings, [&settings](Supervised supervised) { return run_node(settings, std::move(supervised)); });
}

}  // namespace tapedeck
