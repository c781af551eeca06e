#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/ids.hpp"
#include "domain/recording.hpp"

namespace tapedeck::redis {

/// The names of our keys. In a Cluster the business id stands in braces, so that all keys of a business share a hash
/// slot (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags). Elsewhere it stands
/// bare, as people and other programs read it. parse() validates the ids: they hold nothing that means anything in a
/// key.
class Keys {
 public:
  explicit Keys(bool is_cluster) : is_cluster_(is_cluster) {}

  [[nodiscard]] bool is_cluster() const noexcept { return is_cluster_; }

  /// Scripts derive the other keys of the business from this one.
  [[nodiscard]] std::string conf(const BusinessId& business) const { return of("rec_conf:", business); }
  [[nodiscard]] std::string slots(const BusinessId& business) const { return of("rec_slots:", business); }
  [[nodiscard]] std::string queue(const BusinessId& business) const { return of("rec_queue:", business); }
  [[nodiscard]] std::string queued(const BusinessId& business) const { return of("rec_queued:", business); }
  [[nodiscard]] std::string inflight(const BusinessId& business, const Sid& sid) const {
    return of("rec_inflight:", business) + ":" + sid.str();
  }
  /// The progress of its download: "<bytes>", or "<bytes> <total>".
  [[nodiscard]] std::string progress(const BusinessId& business, const Sid& sid) const {
    return of("rec_progress:", business) + ":" + sid.str();
  }
  /// Businesses with grants of this lane that wait for a worker.
  [[nodiscard]] std::string ready(Lane lane) const {
    return (is_cluster_ ? "rec_ready:{0}:" : "rec_ready:0:") + std::string(lane_name(lane));
  }
  /// Businesses, by the time of their next sweep.
  [[nodiscard]] std::string due() const { return "rec_due"; }

  /// The last claim of a worker: "<lease><business>".
  [[nodiscard]] static std::string last_claim(std::string_view worker) { return "rec_claim:" + std::string(worker); }

  /// KEYS of a script that admits nobody.
  [[nodiscard]] std::vector<std::string> of_reading(const BusinessId& business) const { return {conf(business)}; }
  /// KEYS of a script that needs rec_due alone.
  [[nodiscard]] std::vector<std::string> of_upkeep() const { return {due()}; }
  /// KEYS of a script that admits. In a Cluster the hints are on other nodes, and the caller writes them.
  [[nodiscard]] std::vector<std::string> of_admission(const BusinessId& business) const {
    if (is_cluster_) return {conf(business)};
    return {conf(business), ready(Lane::kPlay), ready(Lane::kFetch), due()};
  }
  /// KEYS of claim_next.lua; not in a Cluster.
  [[nodiscard]] std::vector<std::string> of_next_claim(std::string_view worker) const {
    return {ready(Lane::kPlay), ready(Lane::kFetch), due(), last_claim(worker)};
  }
  /// KEYS of finish_and_claim.lua; not in a Cluster.
  [[nodiscard]] std::vector<std::string> of_finish_and_claim(const BusinessId& finished,
                                                             std::string_view worker) const {
    return {conf(finished), ready(Lane::kPlay), ready(Lane::kFetch), due(), last_claim(worker)};
  }

 private:
  [[nodiscard]] std::string of(std::string_view prefix, const BusinessId& business) const {
    std::string key(prefix);
    if (is_cluster_) key += '{';
    key += business.view();
    if (is_cluster_) key += '}';
    return key;
  }

  bool is_cluster_;
};

}  // namespace tapedeck::redis
