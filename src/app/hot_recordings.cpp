#include "app/hot_recordings.hpp"

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
  if (clock_ != nullptr && clock_->steady_now() >= found->second->until) {
    order_.erase(found->second);
    index_.erase(found);
    return nullptr;
  }
  order_.splice(order_.begin(), order_, found->second);
  return found->second->hot;
}

void HotRecordings::insert(const BusinessId& business, const Sid& sid, std::shared_ptr<const HotRecording> hot) {
  std::string key = key_of(business, sid.view());
  const std::scoped_lock lock(mutex_);
  if (const auto found = index_.find(key); found != index_.end()) {
    found->second->hot = std::move(hot);
    found->second->until = fresh_until();
    return;
  }
  order_.push_front({key, std::move(hot), fresh_until()});
  index_.emplace(std::move(key), order_.begin());
  if (order_.size() > most_) {
    index_.erase(order_.back().key);
    order_.pop_back();
  }
}

void HotRecordings::erase(const Recording& recording) {
  const std::scoped_lock lock(mutex_);
  for (const std::string_view name : {recording.sid.view(), recording.call.view(), recording.recording.view()}) {
    const auto found = index_.find(key_of(recording.business, name));
    if (found == index_.end()) continue;
    order_.erase(found->second);
    index_.erase(found);
  }
}

SteadyTime HotRecordings::fresh_until() const { return clock_ != nullptr ? clock_->steady_now() + ttl_ : SteadyTime{}; }

std::size_t HotRecordings::size() const {
  const std::scoped_lock lock(mutex_);
  return order_.size();
}

}  // namespace tapedeck
