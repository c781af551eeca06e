#pragma once

#include "domain/event.hpp"

namespace tapedeck {

/// Takes events: the log and the metrics. Thread-safe; never blocks for long and never fails.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void emit(const Event& event) noexcept = 0;
};

}  // namespace tapedeck
