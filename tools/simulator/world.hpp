#pragma once

#include <cstdint>
#include <filesystem>
#include <utility>

#include "directory.hpp"
#include "event_log.hpp"
#include "provider_api.hpp"
#include "request.hpp"
#include "rules.hpp"
#include "statistics.hpp"

namespace tapedeck::simulator {

/// The whole state of the simulator. Only one thread uses it.
struct World {
  World(std::filesystem::path data, std::uint64_t seed) : directory(std::move(data), seed), rules(seed) {}

  Directory directory;
  RuleBook rules;
  Statistics statistics;
  EventLog log;
  Settings settings;
  ProviderApi provider{directory, rules, statistics, settings};
};

}  // namespace tapedeck::simulator
