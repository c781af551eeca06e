#include "main/slot_stores.hpp"

#include "redis/client_factory.hpp"
#include "slots/redis/server_check.hpp"

namespace tapedeck {
namespace {

constexpr Milliseconds kFailoverLag{15'000};

}  // namespace

SlotStore& OpenSlotStore::store() const {
  if (memory) return *memory;
  return *shared;
}

Task<Result<void>> OpenSlotStore::check() const {
  if (!client) co_return co_await memory->ping();
  auto flaws = co_await redis::check_servers(*client);
  if (!flaws) co_return fail(flaws.error());
  const redis::ServerFlaw* error = redis::first_error(*flaws);
  if (error != nullptr) co_return fail(Errc::kConflict, error->sentence);
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
  redis::ClientOptions options;
  options.client_name = "tapedeck";
  options.key_pattern = "rec_*";
  auto client = redis::make_client(*url, random, options);
  if (!client) return fail(client.error());
  open.client = std::move(*client);
  open.shared = std::make_unique<RedisSlotStore>(*open.client, events, url->topology == redis::Topology::kCluster);
  // Of a single Redis nobody takes over, so that its leases end with it.
  if (url->topology != redis::Topology::kSingle) open.recovery_hold += kFailoverLag;
  return open;
}

}  // namespace tapedeck
