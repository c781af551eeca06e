#pragma once

#include <utility>
#include <vector>

#include "domain/event_sink.hpp"

namespace tapedeck {

/// Hands each event to several sinks, in order. The sinks must outlive it.
class FanOut final : public EventSink {
 public:
  explicit FanOut(std::vector<EventSink*> sinks) : sinks_(std::move(sinks)) {}
  void emit(const Event& event) noexcept override {
    for (EventSink* sink : sinks_) sink->emit(event);
  }

 private:
  const std::vector<EventSink*> sinks_;
};

}  // namespace tapedeck
