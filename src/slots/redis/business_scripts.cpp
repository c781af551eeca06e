#include "slots/redis/business_scripts.hpp"

#include <chrono>

#include <fmt/format.h>

namespace tapedeck::redis {
namespace {

// Lost businesses to remember: beyond that, the reconciliation and the sweep find them.
constexpr std::size_t kLostMax = 10'000;
// In a Cluster: the delay after which the sweep looks at a business that a script has changed.
constexpr Milliseconds kLookSoon{2'000};

}  // namespace

void BusinessScripts::emit(const std::vector<Event>& events) {
  for (const Event& event : events) events_.emit(event);
}

void BusinessScripts::note_lost(const BusinessId& business) {
  const std::scoped_lock lock(mutex_);
  if (lost_.size() < kLostMax) lost_.insert(business);
}

std::vector<BusinessId> BusinessScripts::take_lost() {
  const std::scoped_lock lock(mutex_);
  std::vector<BusinessId> lost(lost_.begin(), lost_.end());
  lost_.clear();
  return lost;
}

Task<Error> BusinessScripts::inspect(BusinessId business, std::string message) {
  constexpr std::string_view kDamaged = "DAMAGED ";
  std::string what;
  if (const std::size_t at = message.find(kDamaged); at != std::string::npos) {
    const std::size_t begin = at + kDamaged.size();
    what = message.substr(begin, message.find(' ', begin) - begin) + " was changed by another program";
  } else {
    auto looked = co_await client_.evaluate(scripts_.inspect, keys_.of_reading(business), Words());
    if (looked) what = fmt::format("{}", fmt::join(parse_inspection(*looked), ", "));
    if (what.empty()) what = "Redis answered: " + message;
    co_await mend_shared_keys();
  }
  events_.emit({Severity::kError, "", "SLOTS_DAMAGED", {{"business_id", business.str()}, {"detail", what}}});
  co_return Error(Errc::kSlotsLost, what + "; the slots of this business must be rebuilt");
}

Task<Result<Reply>> BusinessScripts::ask(const Script& script, BusinessId business, std::vector<std::string> keys,
                                         Words words) {
  auto reply = co_await client_.evaluate(script, std::move(keys), std::move(words));
  if (!reply || reply->error() == nullptr) co_return reply;
  Error error = co_await inspect(std::move(business), reply->error()->message);
  co_return fail(std::move(error));
}

Task<Result<Reply>> BusinessScripts::change(const Script& script, BusinessId business, Words words) {
  if (keys_.is_cluster()) {
    auto noted = co_await look_soon(business);
    if (!noted) co_return fail(noted.error());
  }
  auto reply = co_await ask(script, business, keys_.of_admission(business), std::move(words));
  if (reply) co_await announce(business, parse_hints(*reply));
  co_return reply;
}

Task<> BusinessScripts::mend_shared_keys() {
  const std::vector<std::string> keys{keys_.ready(Lane::kPlay), keys_.ready(Lane::kFetch), keys_.due()};
  for (const std::string& key : keys) {
    std::vector<std::string> question{"TYPE", key};
    auto type = co_await client_.command(key, std::move(question));
    const std::string* found = type ? type->text() : nullptr;
    if (found == nullptr || *found == "zset" || *found == "none") continue;
    std::string what = fmt::format("{} holds a {}, not a zset; it was removed", key, *found);
    events_.emit({Severity::kError, "", "SLOTS_DAMAGED", {{"detail", std::move(what)}}});
    std::vector<std::string> removal{"UNLINK", key};
    auto removed = co_await client_.command(key, std::move(removal));
    (void)removed;  // else the next caller that meets it tries again
  }
}

Task<Result<void>> BusinessScripts::look_soon(BusinessId business) {
  Words words = look_soon_words(kServerClock, business, kLookSoon);
  auto reply = co_await client_.evaluate(scripts_.look_soon, keys_.of_upkeep(), std::move(words));
  if (!reply) co_return fail(reply.error());
  if (reply->error() == nullptr) co_return Result<void>();
  std::string message = reply->error()->message;
  co_await mend_shared_keys();
  co_return fail(Errc::kUnavailable, std::move(message));
}

Task<> BusinessScripts::announce(BusinessId business, Hints hints) {
  if (!keys_.is_cluster()) co_return;
  // Only the order matters, so the process's clock will do.
  const auto now = std::chrono::floor<Milliseconds>(std::chrono::system_clock::now());
  const std::string score = std::to_string(now.time_since_epoch().count());
  for (const Lane lane : {Lane::kPlay, Lane::kFetch}) {
    const bool is_hinted = lane == Lane::kPlay ? hints.play : hints.fetch;
    if (!is_hinted) continue;
    Turn turn{business, lane, score};
    co_await put_back(std::move(turn));
  }
}

Task<> BusinessScripts::put_back(Turn turn) {
  const std::string key = keys_.ready(turn.lane);
  std::vector<std::string> words{"ZADD", key, "NX", turn.score, turn.business.str()};
  auto written = co_await client_.command(key, std::move(words));
  (void)written;  // else the sweep announces it again
}

}  // namespace tapedeck::redis
