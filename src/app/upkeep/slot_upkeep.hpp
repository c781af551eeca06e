#pragma once

#include "calls/ports/call_store.hpp"
#include "domain/event_sink.hpp"
#include "runtime/clock.hpp"
#include "slots/slot_requests.hpp"
#include "slots/slot_store.hpp"

namespace tapedeck {

/// An import that wrote down recordings within this time is fed.
inline constexpr Milliseconds kFeedFresh{60'000};

/// The part of the upkeep that asks for slots: for rows of the call store that wait without the slot store's knowing.
/// One executor of one thread.
class SlotUpkeep {
 public:
  struct Dependencies {
    CallStore& calls;
    SlotStore& slots;
    SlotRequests& requests;
    Clock& clock;
    EventSink& events;
  };
  explicit SlotUpkeep(Dependencies dependencies) : d_(dependencies) {}

  /// Asks for what running imports have written down. A business that cannot be fed holds up no other; the last error.
  [[nodiscard]] Task<Result<void>> feed_imports();
  /// Asks again for every row that is due and that the slot store does not know. Errors: the stores'.
  [[nodiscard]] Task<Result<void>> reconcile();
  /// Reconciles once the slot store answers after it did not: what webhooks announced meanwhile waits for it. A slot
  /// store that is away is no failure of this task.
  [[nodiscard]] Task<Result<void>> reconcile_on_return();

 private:
  Dependencies d_;
  bool was_away_ = false;
};

}  // namespace tapedeck
