#pragma once

#include <string>

#include "app/progress.hpp"
#include "blobs/blob_store.hpp"
#include "calls/businesses.hpp"
#include "domain/event_sink.hpp"
#include "main/settings.hpp"
#include "runtime/clock.hpp"
#include "runtime/random.hpp"
#include "slots/slot_requests.hpp"

namespace tapedeck {

/// The dependencies that the parts of a process share.
struct SharedParts {
  const Settings& settings;
  const std::string& process_name;  ///< no other process of any host has it
  CallStore& calls;
  SlotStore& slots;
  BlobStore& blobs;
  Businesses& businesses;
  SlotRecovery& recovery;
  SlotRequests& requests;
  ProgressBoard& progress;
  Clock& clock;
  Random& random;
  EventSink& events;
};

}  // namespace tapedeck
