#include "main/slot_stores.hpp"

#include "adapters/redis/client_factory.hpp"
#include "adapters/redis/server_check.hpp"
#include "adapters/redis/url.hpp"

namespace tapedeck {
namespace {

// The longest that a replaced master may be believed: the default of cluster-node-timeout.
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
  for (const redis::Finding& finding : *findings) {
    if (finding.level == redis::Finding::Level::kError) co_return fail(Errc::kConflict, finding.sentence);
  }
  co_return Result<void>();
}

// Of a single Redis nobody takes over, so that its leases end with it.
Milliseconds recovery_hold(const Settings& settings) {
  const auto url = redis::parse_url(settings.redis_url);
  const bool has_successors = url && url->topology != redis::Topology::kSingle;
  return kLeaseTtl + (has_successors ? kFailoverLag : Milliseconds{0});
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
  return open;
}

}  // namespace tapedeck
