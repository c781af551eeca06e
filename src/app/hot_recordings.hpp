#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "blobs/blob_store.hpp"
#include "domain/recording.hpp"
#include "runtime/clock.hpp"

namespace tapedeck {

/// Open descriptors that the cache of hot recordings keeps, at most.
inline constexpr std::size_t kHotRecordingsMax = 512;
/// How long one is believed where other processes may delete it.
inline constexpr Milliseconds kHotTtl{2'000};

/// A stored recording with its audio open: everything that a response needs.
struct HotRecording {
  Recording recording;  ///< `audio` is set
  std::shared_ptr<Blob> blob;
  std::string etag;           ///< strong, with its quotes, from the SHA-256
  std::string last_modified;  ///< HTTP date
};

/// The least recently played go first. A play of a hot recording touches neither slot store nor database. Thread-safe.
class HotRecordings {
 public:
  explicit HotRecordings(std::size_t most = kHotRecordingsMax) : most_(most) {}
  /// For a call store that other processes change, too: each entry is believed for `ttl`.
  HotRecordings(Clock& clock, Milliseconds ttl) : most_(kHotRecordingsMax), clock_(&clock), ttl_(ttl) {}

  /// `sid` as the request names it: a call's SID and a recording's own are different entries.
  [[nodiscard]] std::shared_ptr<const HotRecording> find(const BusinessId& business, const Sid& sid);
  void insert(const BusinessId& business, const Sid& sid, std::shared_ptr<const HotRecording> hot);
  /// Forgets a recording under each of its names.
  void erase(const Recording& recording);
  [[nodiscard]] std::size_t size() const;

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<const HotRecording> hot;
    SteadyTime until{};
  };
  using Order = std::list<Entry>;

  [[nodiscard]] SteadyTime fresh_until() const;

  const std::size_t most_;
  Clock* const clock_ = nullptr;
  const Milliseconds ttl_{0};
  mutable std::mutex mutex_;
  Order order_;  // most recent first
  std::unordered_map<std::string, Order::iterator> index_;
};

}  // namespace tapedeck
