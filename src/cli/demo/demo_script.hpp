#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "calls/ports/call_store.hpp"
#include "domain/recording.hpp"

namespace tapedeck {

/// The sample businesses and calls, for the call store and for the simulator.
struct DemoScript {
  struct DemoCall {
    BusinessId business;
    CallUpdate update;
    bool announced = false;  ///< as by the provider's webhook: fetched without a press of play
  };
  std::vector<Business> businesses;
  std::vector<DemoCall> calls;
  std::string provider_load;  ///< JSON for the simulator's --load

  /// Reads tools/demo/calls.json, whose times are minutes before `now`. Errors: kIo, kInvalidArgument.
  [[nodiscard]] static Result<DemoScript> read(const std::filesystem::path& file, SystemTime now);
};

}  // namespace tapedeck
