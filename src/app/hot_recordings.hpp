#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "core/recording.hpp"
#include "ports/blob_store.hpp"

namespace tapedeck {

/// Open descriptors that the cache of hot recordings keeps, at most.
inline constexpr std::size_t kHotRecordingsMax = 512;

/// A stored recording with its audio open: everything that a response needs.
struct HotRecording {
  Recording recording;         ///< `audio` is set
  std::shared_ptr<Blob> blob;
  std::string etag;            ///< strong, with its quotes, from the SHA-256
  std::string last_modified;   ///< HTTP date
};

/// The least recently played go first. A play of a hot recording touches neither slot store nor database. Thread-safe.
class HotRecordings {
 public:
  explicit HotRecordings(std::size_t most = kHotRecordingsMax) : most_(most) {}

  /// `sid` as the request names it: a call's SID and a recording's own are different entries.
  [[nodiscard]] std::shared_ptr<const HotRecording> find(const BusinessId& business, const Sid& sid);
  void insert(const BusinessId& business, const Sid& sid, std::shared_ptr<const HotRecording> hot);
  /// Forgets a recording under each of its names.
  void erase(const Recording& recording);
  [[nodiscard]] std::size_t size() const;

 private:
  using Order = std::list<std::pair<std::string, std::shared_ptr<const HotRecording>>>;

  const std::size_t most_;
  mutable std::mutex mutex_;
  Order order_;  // most recent first
  std::unordered_map<std::string, Order::iterator> index_;
};

}  // namespace tapedeck
