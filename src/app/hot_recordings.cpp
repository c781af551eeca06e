#include "app/hot_recordings.hpp"

#include <iterator>

namespace tapedeck {
namespace {

std::string key_of(const BusinessId& business, std::string_view sid) {
  std::string key;
  key.reserve(business.view().size() + 1 + sid.size());
  return key.append(business.view()).append("/").append(sid);
}

}  // namespace

std::shared_ptr<const HotRecording> HotRecordings::find(const BusinessId& business, const Sid& sid) {
  const std::string key = key_of(business, sid.view());
  const std::scoped_lock lock(mutex_);
  const auto found = index_.find(key);
  if (found == index_.end()) return nullptr;
  if (clock_.steady_now() >= found->second->until) {
    drop(found->second);
    return nullptr;
  }
  order_.splice(order_.begin(), order_, found->second);
  return found->second->hot;
}

void HotRecordings::insert(const BusinessId& business, const Sid& sid, std::shared_ptr<const HotRecording> hot) {
  std::string key = key_of(business, sid.view());
  const std::scoped_lock lock(mutex_);
  if (const auto found = index_.find(key); found != index_.end()) drop(found->second);
  drop_those_past_their_time();
  order_.push_front({key, std::move(hot), clock_.steady_now() + ttl_});
  index_.emplace(std::move(key), order_.begin());
  if (order_.size() > kHotRecordingsMax) drop(std::prev(order_.end()));
}

void HotRecordings::erase(const Recording& recording) {
  const std::scoped_lock lock(mutex_);
  for (const std::string_view name : {recording.sid.view(), recording.call.view(), recording.recording.view()}) {
    const auto found = index_.find(key_of(recording.business, name));
    if (found != index_.end()) drop(found->second);
  }
}

void HotRecordings::drop_expired() {
  const std::scoped_lock lock(mutex_);
  drop_those_past_their_time();
}

// Called with the mutex held, as is drop().
void HotRecordings::drop_those_past_their_time() {
  const SteadyTime now = clock_.steady_now();
  for (auto entry = order_.begin(); entry != order_.end();) {
    const auto next = std::next(entry);
    if (now >= entry->until) drop(entry);
    entry = next;
  }
}

void HotRecordings::drop(Order::iterator entry) {
  index_.erase(entry->key);
  order_.erase(entry);
}

std::size_t HotRecordings::size() const {
  const std::scoped_lock lock(mutex_);
  return order_.size();
}

}  // namespace tapedeck
