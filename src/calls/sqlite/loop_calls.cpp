#include "calls/sqlite/loop_calls.hpp"

#include <utility>

namespace tapedeck::sqlite {

void LoopCalls::add(Resumption task) {
  for (auto& bundle : bundles_) {
    if (bundle.front().executor() != task.executor()) continue;
    bundle.push_back(std::move(task));
    return;
  }
  bundles_.emplace_back().push_back(std::move(task));
}

void LoopCalls::send() {
  for (auto& bundle : bundles_) {
    const auto executor = bundle.front().executor();
    Resumption together(executor, [tasks = std::move(bundle)]() mutable {
      for (Resumption& task : tasks) std::move(task).run();
    });
    std::move(together).post();
  }
  bundles_.clear();
}

}  // namespace tapedeck::sqlite
