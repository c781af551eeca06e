#pragma once

#include "app/businesses.hpp"
#include "app/progress.hpp"
#include "app/slot_requests.hpp"
#include "main/settings.hpp"
#include "ports/blob_store.hpp"
#include "ports/clock.hpp"
#include "ports/event_sink.hpp"
#include "ports/random.hpp"

namespace tapedeck {

/// What the parts of a process share.
struct SharedParts {
  const Settings& settings;
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
