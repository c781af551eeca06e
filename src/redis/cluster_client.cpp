#include "redis/cluster_client.hpp"

#include <algorithm>
#include <utility>

namespace tapedeck::redis {
namespace {

// Null: the key's hash slot has no master.
const Endpoint* owner_in(const SlotMap& slots, const std::string& key) {
  return key.empty() ? &slots.masters().front() : slots.owner(hash_slot(key));
}

}  // namespace

// Held by the one task that reads the topology.
class ClusterClient::Refreshing {
 public:
  explicit Refreshing(ClusterClient& client) : client_(client) {}
  Refreshing(const Refreshing&) = delete;
  Refreshing& operator=(const Refreshing&) = delete;
  ~Refreshing() {
    const std::scoped_lock lock(client_.mutex_);
    client_.is_refreshing_ = false;
  }

 private:
  ClusterClient& client_;
};

ClusterClient::ClusterClient(std::shared_ptr<ClientShared> shared, const Url& url, Random& random)
    : ClientBase(std::move(shared), {PeerKind::kClusterNode, url.login, 0}, random),
      seeds_(url.endpoints),
      refreshed_at_(SteadyTime::min() + std::chrono::hours(1)) {}

std::shared_ptr<const SlotMap> ClusterClient::map() {
  const std::scoped_lock lock(mutex_);
  return map_;
}

void ClusterClient::doubt(const Endpoint& endpoint) {
  const std::scoped_lock lock(mutex_);
  doubted_ = endpoint;
}

void ClusterClient::learn(int slot, const Endpoint& owner) {
  const std::scoped_lock lock(mutex_);
  if (!map_) return;
  auto changed = std::make_shared<SlotMap>(*map_);
  changed->move(slot, owner);
  map_ = std::move(changed);
}

Task<Result<Endpoint>> ClusterClient::locate(LoopConnections& loop, std::string key) {
  bool is_doubtful = false;
  {
    const std::scoped_lock lock(mutex_);
    is_doubtful = !map_ || doubted_.has_value();
  }
  if (is_doubtful) {
    Result<void> refreshed = co_await refresh(loop, kTopologyUrgentlyEvery);
    const bool has_map = map() != nullptr;
    if (!refreshed && !has_map) co_return fail(refreshed.error());
  }
  const std::shared_ptr<const SlotMap> slots = map();
  if (!slots) co_return fail(Errc::kUnavailable, "No node of the Redis Cluster has named its hash slots yet");
  const Endpoint* owner = owner_in(*slots, key);
  if (owner == nullptr) {
    doubt({});
    co_return fail(Errc::kUnavailable, "No master of the Redis Cluster serves the key's hash slot (CLUSTER INFO)");
  }
  co_return *owner;
}

Task<Result<std::vector<Endpoint>>> ClusterClient::masters(LoopConnections& loop) {
  Result<void> refreshed = co_await refresh(loop, Milliseconds(0));
  if (!refreshed) co_return fail(refreshed.error());
  co_return map()->masters();
}

Task<bool> ClusterClient::relocate(LoopConnections& loop, std::string key, Endpoint endpoint, ReadError error) {
  switch (error.trouble) {
    case Trouble::kMoved: {
      learn(error.slot, error.target);
      // A slot seldom moves alone. The command itself knows its way already, whatever the result of this.
      Result<void> refreshed = co_await refresh(loop, kTopologyEvery);
      if (refreshed) learn(error.slot, error.target);
      co_return true;
    }
    case Trouble::kAsk: co_return true;
    case Trouble::kTryAgain: co_await rest(kTryAgainAfter); co_return true;
    case Trouble::kClusterDown:
    case Trouble::kNotMaster:
      doubt(endpoint);
      co_await rest(kMasterlessRest);
      co_return true;
    case Trouble::kUnreachable: {
      // Until the other nodes agree that it is gone, only a later attempt helps.
      doubt(endpoint);
      Result<void> refreshed = co_await refresh(loop, kTopologyUrgentlyEvery);
      const std::shared_ptr<const SlotMap> slots = map();
      const Endpoint* owner = refreshed && slots ? owner_in(*slots, key) : nullptr;
      co_return owner != nullptr && *owner != endpoint;
    }
    case Trouble::kNoScript:
    case Trouble::kAway:
    case Trouble::kAnswer: break;
  }
  co_return false;
}

// One task reads the topology, at most once in `every`. Tasks that come meanwhile wait for it, and tasks that come too
// early use the map that there is.
Task<Result<void>> ClusterClient::refresh(LoopConnections& loop, Milliseconds every) {
  const SteadyTime deadline = now() + options().command_deadline;
  while (true) {
    {
      const std::scoped_lock lock(mutex_);
      if (!is_refreshing_) {
        if (map_ && now() < refreshed_at_ + every) co_return Result<void>();
        is_refreshing_ = true;
        refreshed_at_ = now();
        break;
      }
      if (map_ && every >= kTopologyEvery) co_return Result<void>();
    }
    if (now() > deadline) co_return fail(Errc::kUnavailable, "The Redis Cluster does not tell its hash slots in time");
    co_await rest(kTryAgainAfter);
  }
  const Refreshing refreshing(*this);
  Result<void> fetched = co_await fetch_map(loop);
  co_return fetched;
}

Task<Result<void>> ClusterClient::fetch_map(LoopConnections& loop) {
  const std::vector<std::string> words{"CLUSTER", "SLOTS"};
  Error last(Errc::kUnavailable, "No node of the Redis Cluster answers");
  const std::vector<Endpoint> nodes = candidates();
  for (const Endpoint& node : nodes) {
    Result<Reply> reply = co_await ask(loop, node, greeting(), words);
    if (!reply) {
      last = reply.error();
      if (last.errc() == Errc::kCancelled) break;
      continue;
    }
    Result<SlotMap> parsed = SlotMap::parse(*reply, node);
    if (!parsed) {
      last = parsed.error();
      continue;
    }
    auto fresh = std::make_shared<const SlotMap>(std::move(*parsed));
    loop.keep_only(fresh->masters());
    const std::scoped_lock lock(mutex_);
    map_ = std::move(fresh);
    doubted_.reset();
    co_return Result<void>();
  }
  co_return fail(last);
}

// The nodes to ask: the masters of the map and the seeds, from another one on each time, because a node that is cut off
// goes on telling the old map; and last the one that broke off.
std::vector<Endpoint> ClusterClient::candidates() {
  const std::scoped_lock lock(mutex_);
  std::vector<Endpoint> nodes;
  if (map_) nodes = map_->masters();
  for (const Endpoint& seed : seeds_) {
    if (std::ranges::find(nodes, seed) == nodes.end()) nodes.push_back(seed);
  }
  std::ranges::rotate(nodes, nodes.begin() + static_cast<std::ptrdiff_t>(turn_++ % nodes.size()));
  const auto doubted = doubted_ ? std::ranges::find(nodes, *doubted_) : nodes.end();
  if (doubted != nodes.end()) std::rotate(doubted, doubted + 1, nodes.end());
  return nodes;
}

}  // namespace tapedeck::redis
