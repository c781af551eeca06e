#include "redis/sentinel_client.hpp"

#include <charconv>
#include <utility>

namespace tapedeck::redis {
namespace {

std::unexpected<Error> unusable(const Endpoint& sentinel) {
  return fail(Errc::kUnavailable,
              "The Sentinel at " + endpoint_text(sentinel) + " answered something else than an address");
}

}  // namespace

SentinelClient::SentinelClient(std::shared_ptr<ClientShared> shared, const Url& url, Random& random)
    : ClientBase(std::move(shared), {PeerKind::kMaster, url.login, url.database}, random),
      sentinels_(url.endpoints),
      master_name_(url.master_name),
      sentinel_greeting_{PeerKind::kSentinel, url.sentinel_login, 0} {}

std::optional<Endpoint> SentinelClient::known_master() {
  const std::scoped_lock lock(mutex_);
  return master_;
}

void SentinelClient::doubt(const Endpoint& endpoint) {
  const std::scoped_lock lock(mutex_);
  if (master_ == endpoint) master_.reset();
}

Task<Result<Endpoint>> SentinelClient::locate(LoopConnections& loop, std::string) {
  const std::optional<Endpoint> known = known_master();
  if (known) co_return *known;
  Result<Endpoint> found = co_await discover(loop, std::nullopt);
  co_return found;
}

Task<Result<std::vector<Endpoint>>> SentinelClient::masters(LoopConnections& loop) {
  Result<Endpoint> master = co_await discover(loop, std::nullopt);
  if (!master) co_return fail(master.error());
  co_return std::vector<Endpoint>{*master};
}

Task<bool> SentinelClient::relocate(LoopConnections& loop, std::string, Endpoint endpoint, ReadError error) {
  if (error.trouble != Trouble::kNotMaster && error.trouble != Trouble::kUnreachable) co_return false;
  doubt(endpoint);
  const std::optional<Endpoint> known = known_master();
  if (known) co_return true;  // another task was faster
  Result<Endpoint> found = co_await discover(loop, endpoint);
  if (!found || *found == endpoint) co_return false;
  ClientCounters::add(counters().redirects);
  co_return true;
}

// Asks the Sentinels in turn, until one names another master than the one that just failed: a Sentinel that is cut off
// from the others goes on naming the old one. If all name the same, that is the answer.
Task<Result<Endpoint>> SentinelClient::discover(LoopConnections& loop, std::optional<Endpoint> rather_not) {
  std::size_t first = 0;
  {
    const std::scoped_lock lock(mutex_);
    first = first_;
  }
  Result<Endpoint> answer = fail(Errc::kUnavailable, "No Sentinel answers");
  for (std::size_t i = 0; i < sentinels_.size(); ++i) {
    const std::size_t index = (first + i) % sentinels_.size();
    Result<Endpoint> named = co_await ask_sentinel(loop, sentinels_[index]);
    if (!named && answer) continue;
    answer = std::move(named);
    if (!answer || (rather_not && *answer == *rather_not)) continue;
    const std::scoped_lock lock(mutex_);
    first_ = index;
    break;
  }
  if (!answer) co_return answer;
  {
    const std::scoped_lock lock(mutex_);
    master_ = *answer;
  }
  loop.keep_only({*answer});
  co_return answer;
}

Task<Result<Endpoint>> SentinelClient::ask_sentinel(LoopConnections& loop, Endpoint sentinel) {
  std::vector<std::string> words{"SENTINEL", "get-master-addr-by-name", master_name_};
  Result<Reply> reply = co_await ask(loop, sentinel, sentinel_greeting_, std::move(words));
  if (!reply) co_return fail(reply.error());
  if (reply->is_null()) {
    co_return fail(Errc::kUnavailable,
                   "The Sentinels watch no master called \"" + master_name_ +
                       "\": write the name that redis-cli -p 26379 SENTINEL MASTERS shows into the URL");
  }
  const Reply::Array* pair = reply->array();
  if (pair == nullptr || pair->size() != 2) co_return unusable(sentinel);
  const std::string* host = (*pair)[0].text();
  const std::string* port = (*pair)[1].text();
  if (host == nullptr || host->empty() || port == nullptr) co_return unusable(sentinel);
  Endpoint master;
  master.host = *host;
  const auto parsed = std::from_chars(port->data(), port->data() + port->size(), master.port);
  if (parsed.ec != std::errc() || master.port == 0) co_return unusable(sentinel);
  co_return master;
}

}  // namespace tapedeck::redis
