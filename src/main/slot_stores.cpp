#include "main/slot_stores.hpp"

#include <fmt/format.h>

#include "redis/client_factory.hpp"
#include "redis/server_check.hpp"

namespace tapedeck {
namespace {

// Time for which a replaced master may go on renewing leases.
constexpr Milliseconds kFailoverLag{15'000};

}  // namespace

SlotStore& OpenSlotStore::store() const {
  if (memory) return *memory;
  return *shared;
}

Task<Result<void>> OpenSlotStore::check() const {
  if (!client) co_return co_await memory->ping();
  auto findings = co_await redis::check_servers(*client);
  if (!findings) co_return fail(findings.error());
  const redis::Finding* error = redis::first_error(*findings);
  if (error != nullptr) co_return fail(Errc::kConflict, error->sentence);
  co_return Result<void>();
}

Task<Result<void>> OpenSlotStore::check_at_start(EventSink& events) const {
  if (!client) co_return Result<void>();
  auto findings = co_await redis::check_servers(*client);
  if (!findings) {
    events.emit({Severity::kWarning, "", "REDIS_AWAY", {{"detail", findings.error().detail}}});
    co_return Result<void>();
  }
  if (const redis::Finding* error = redis::first_error(*findings)) {
    co_return fail(Errc::kConflict, fmt::format("REDIS_URL: {}: {}", error->node, error->sentence));
  }
  for (const redis::Finding& finding : *findings) {
    events.emit({Severity::kWarning, "", "REDIS_WARNING", {{"node", finding.node}, {"detail", finding.sentence}}});
  }
  co_return Result<void>();
}

Result<OpenSlotStore> open_slot_store(const Settings& settings, Clock& clock, EventSink& events, Random& random) {
  OpenSlotStore open;
  if (settings.redis_url.empty()) {
    open.memory = std::make_unique<MemorySlotStore>(clock, events, settings.slots_per_business);
    return open;
  }
  const auto url = redis::parse_url(settings.redis_url);
  if (!url) return fail(url.error());
  auto client = redis::make_client(*url, random);
  if (!client) return fail(client.error());
  open.client = std::move(*client);
  open.shared = std::make_unique<RedisSlotStore>(*open.client, events, url->topology == redis::Topology::kCluster);
  // Nobody takes over from a single Redis, so its leases end with it.
  if (url->topology != redis::Topology::kSingle) open.recovery_hold += kFailoverLag;
  return open;
}

}  // namespace tapedeck
