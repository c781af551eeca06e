#include "tests/fakes/virtual_clock.hpp"

#include <boost/asio/this_coro.hpp>

namespace tapedeck {
namespace {

// Takes a sleeper off the list on every way out, cancellation included.
template <class Map>
struct Enlisted {
  Map& map;
  typename Map::iterator place;
  ~Enlisted() { map.erase(place); }
};

}  // namespace

Task<> VirtualClock::sleep_until(SteadyTime deadline, std::stop_token stop) {
  const auto executor = co_await boost::asio::this_coro::executor;
  if (deadline <= now_ || stop.stop_requested()) co_return;
  Alarm alarm(executor);
  const std::stop_callback on_stop(stop, Alarm::Ringer{&alarm});
  const Enlisted<decltype(sleepers_)> enlisted{sleepers_, sleepers_.emplace(deadline, &alarm)};
  while (now_ < deadline && !stop.stop_requested()) co_await alarm.wait();
}

void VirtualClock::advance_to(SteadyTime time) {
  now_ = std::max(now_, time);
  for (auto it = sleepers_.begin(); it != sleepers_.end() && it->first <= now_; ++it) it->second->ring();
}

std::optional<SteadyTime> VirtualClock::next_deadline() const {
  if (sleepers_.empty()) return std::nullopt;
  return sleepers_.begin()->first;
}

}  // namespace tapedeck
