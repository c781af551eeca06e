#pragma once

#include <memory>

#include "main/settings.hpp"
#include "redis/client.hpp"
#include "runtime/clock.hpp"
#include "runtime/random.hpp"
#include "slots/memory/memory_slot_store.hpp"
#include "slots/redis/slot_store.hpp"

namespace tapedeck {

/// The slot store of the settings: in the process, or in Redis.
struct OpenSlotStore {
  std::unique_ptr<redis::Client> client;    ///< null: in the process
  std::unique_ptr<MemorySlotStore> memory;  ///< null: in Redis
  std::unique_ptr<RedisSlotStore> shared;
  /// Time for which a rebuilt business grants nothing where a download may be open: a lease, and the time for which a
  /// replaced Redis master may go on renewing leases (min-replicas-max-lag; cluster-node-timeout).
  Milliseconds recovery_hold = kLeaseTtl;

  [[nodiscard]] SlotStore& store() const;
  /// Error kUnavailable: Redis is away. kConflict: Redis, as it is set up now, cannot keep the promises; the detail
  /// says what to change.
  [[nodiscard]] Task<Result<void>> check() const;
  /// As check(), and logs what else is wrong. A Redis that is away is logged and waited for, because stored recordings
  /// play without it.
  [[nodiscard]] Task<Result<void>> check_at_start(EventSink& events) const;
};

/// Opens the slot store, which connects when it is first used. The arguments must outlive it. Error kInvalidArgument: a
/// file that REDIS_URL names cannot be used.
[[nodiscard]] Result<OpenSlotStore> open_slot_store(const Settings& settings, Clock& clock, EventSink& events,
                                                    Random& random);

}  // namespace tapedeck
