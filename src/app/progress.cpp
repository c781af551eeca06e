#include "app/progress.hpp"

namespace tapedeck {
namespace {

std::string key_of(const BusinessId& business, const Sid& sid) { return business.str() + "/" + sid.str(); }

}  // namespace

void ProgressBoard::update(const BusinessId& business, const Sid& sid, Progress progress) {
  const std::scoped_lock lock(mutex_);
  running_.insert_or_assign(key_of(business, sid), progress);
}

void ProgressBoard::erase(const BusinessId& business, const Sid& sid) {
  const std::scoped_lock lock(mutex_);
  running_.erase(key_of(business, sid));
}

std::optional<Progress> ProgressBoard::find(const BusinessId& business, const Sid& sid) const {
  const std::scoped_lock lock(mutex_);
  const auto found = running_.find(key_of(business, sid));
  if (found == running_.end()) return std::nullopt;
  return found->second;
}

}  // namespace tapedeck
