#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "calls/ports/call_list_store.hpp"
#include "domain/recording.hpp"

namespace tapedeck {

/// What the demo shows: its businesses and calls, for the store and for the provider's look-alike.
struct DemoScript {
  struct DemoCall {
    BusinessId business;
    CallUpdate update;
    bool announced = false;  ///< the provider's webhook has come: fetched without a press
  };
  std::vector<Business> businesses;
  std::vector<DemoCall> calls;
  std::string provider_load;  ///< JSON for the look-alike's --load

  /// Reads tools/demo/calls.json; times count back from `now`. Errors: kIo, kInvalidArgument.
  [[nodiscard]] static Result<DemoScript> read(const std::filesystem::path& file, SystemTime now);
};

}  // namespace tapedeck
