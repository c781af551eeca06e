#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <ext/pb_ds/assoc_container.hpp>
#include <ext/pb_ds/tree_policy.hpp>

#include "slots/protocol/slot_answers.hpp"

namespace tapedeck {

/// Where each recording of a business is: with a slot, in a lane, or delayed. Keeps the order of the grants and of the
/// lanes, and which lease holds which recording. It applies no rule; BusinessSlots does.
///
/// Each move costs O(log n) in the recordings of the business, unless its line says otherwise.
class SlotPlaces {
 public:
  /// Order within a lane, and of the grants. The head of a lane grows downwards, its tail upwards.
  using Rank = std::int64_t;
  /// Also tells how many stand before one in O(log n): libstdc++'s order statistics tree.
  using RankedSids =
      __gnu_pbds::tree<Rank, Sid, std::less<>, __gnu_pbds::rb_tree_tag, __gnu_pbds::tree_order_statistics_node_update>;

  struct Entry {
    SlotPlace place = SlotPlace::kNone;
    Lane lane = Lane::kPlay;
    Rank rank = 0;  ///< in its lane (waiting), or of its grant (active)
    int reclaims = 0;
    bool by_share = false;   ///< granted by the automatic lane's share
    OperationId request_op;  ///< of the request that brought it here
    RequestKind request_kind = RequestKind::kQueued;
    LeaseId lease;          ///< running
    SystemTime deadline{};  ///< running: of the lease; delayed: when due
    std::string why;        ///< delayed

    [[nodiscard]] bool is_active() const noexcept {
      return place == SlotPlace::kGranted || place == SlotPlace::kRunning;
    }
  };
  using Delayed = std::set<std::pair<SystemTime, Sid>>;

  /// The entry of a recording, made where there is none; true: it is new, and has no place yet.
  std::pair<Entry&, bool> add(const Sid& sid);
  [[nodiscard]] bool has(const Sid& sid) const { return entries_.contains(sid); }
  [[nodiscard]] const Entry* find(const Sid& sid) const;
  [[nodiscard]] Entry& at(const Sid& sid) { return entries_.at(sid); }
  [[nodiscard]] const Entry& at(const Sid& sid) const { return entries_.at(sid); }

  // Moves. Each leaves the old place first.
  void push_back(const Sid& sid, Entry& entry, Lane lane);
  void push_front(const Sid& sid, Entry& entry);
  void delay(const Sid& sid, Entry& entry, SystemTime until, std::string why);
  void grant(const Sid& sid, Entry& entry);
  /// A granted one to a worker.
  void run(const Sid& sid, Entry& entry, const LeaseId& lease, SystemTime deadline);
  /// Takes it off its place; the entry stays.
  void unlink(const Sid& sid, Entry& entry);
  void forget(Sid sid);

  /// What the lease holds; null: nothing.
  [[nodiscard]] const Sid* held_by(const LeaseId& lease) const;
  /// By order of the grant.
  [[nodiscard]] const std::map<Rank, Sid>& active() const noexcept { return active_; }
  [[nodiscard]] const RankedSids& lane(Lane lane) const noexcept { return lane == Lane::kPlay ? play_ : fetch_; }
  [[nodiscard]] const Delayed& delayed() const noexcept { return delayed_; }
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  /// Grants that no worker has taken, the newest first. O(active).
  [[nodiscard]] std::vector<Sid> unclaimed() const;
  /// The longest-granted one of a lane that no worker has taken; null: none. O(active).
  [[nodiscard]] const Sid* first_unclaimed(Lane lane) const;
  /// From 1 within its lane; 0: does not wait.
  [[nodiscard]] int position_in_lane(const Entry& entry) const;
  /// Empty, or which recording is not where its entry says, or in two places. O(n log n).
  [[nodiscard]] std::string broken_link() const;

 private:
  std::unordered_map<Sid, Entry> entries_;
  std::map<Rank, Sid> active_;
  RankedSids play_;
  RankedSids fetch_;
  Delayed delayed_;
  std::unordered_map<LeaseId, Sid> leases_;
  Rank next_rank_ = 1;
  Rank head_rank_ = 0;
};

}  // namespace tapedeck
