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

/// Most open descriptors in the cache of hot recordings.
inline constexpr std::size_t kHotRecordingsMax = 512;
/// How long an entry is believed: other processes may delete the recording.
inline constexpr Milliseconds kHotTtl{2'000};

/// A stored recording with its audio open, ready for a response.
struct HotRecording {
  Recording recording;  ///< has `audio`
  std::shared_ptr<Blob> blob;
  std::string etag;           ///< strong, with its quotes, from the SHA-256
  std::string last_modified;  ///< HTTP date
};

/// Recordings that were played a moment ago: playing one again asks neither slot store nor database. The least recently
/// played make room for others. Thread-safe.
///
/// erase() closes the audio of a recording that this process deletes. However a recording goes otherwise (by retention,
/// by a command, in another process), drop_expired() closes its audio within twice the `ttl` after it was opened.
class HotRecordings {
 public:
  HotRecordings(Clock& clock, Milliseconds ttl) : clock_(clock), ttl_(ttl) {}

  /// `sid` as the request names it: a call's SID and a recording's own are different entries.
  [[nodiscard]] std::shared_ptr<const HotRecording> find(const BusinessId& business, const Sid& sid);
  void insert(const BusinessId& business, const Sid& sid, std::shared_ptr<const HotRecording> hot);
  /// Forgets a recording under each of its names.
  void erase(const Recording& recording);
  /// Closes entries past their time. To be called every `ttl`.
  void drop_expired();
  [[nodiscard]] std::size_t size() const;

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<const HotRecording> hot;
    SteadyTime until{};
  };
  using Order = std::list<Entry>;

  void drop_those_past_their_time();
  void drop(Order::iterator entry);

  Clock& clock_;
  const Milliseconds ttl_;
  mutable std::mutex mutex_;
  Order order_;  // most recent first
  std::unordered_map<std::string, Order::iterator> index_;
};

}  // namespace tapedeck
