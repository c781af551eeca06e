#pragma once

#include <vector>

#include "runtime/suspend.hpp"

namespace tapedeck::sqlite {

/// Tasks on their way from a thread of the database to the event loops. To wake a loop costs more than the task, so all
/// that a batch has for one loop goes there together.
class LoopCalls {
 public:
  void add(Resumption task);
  void send();

 private:
  std::vector<std::vector<Resumption>> bundles_;  // a handful, none empty: one for each loop
};

}  // namespace tapedeck::sqlite
