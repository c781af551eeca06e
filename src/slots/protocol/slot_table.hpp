#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "slots/protocol/slot_protocol.hpp"

namespace tapedeck {

/// The slots of every business in one process, and two indexes over them: which businesses have work for a worker, in
/// the order of their turns, and which are due for a sweep. Businesses at rest are forgotten. Not thread-safe.
///
/// Every change goes through change(), which keeps the indexes true.
class SlotTable {
 public:
  /// Leases beyond this are looked through for those that were lost with their worker.
  static constexpr std::size_t kLeasesMax = 10'000;

  explicit SlotTable(int default_limit, int fetch_window = kFetchWindow)
      : default_limit_(default_limit), fetch_window_(fetch_window) {}

  /// Runs `operation` on the slots of a business, and returns what it returns.
  template <class Operation>
  auto change(const BusinessId& business, Operation operation) {
    BusinessSlots& slots = slots_of(business);
    auto answer = operation(slots);
    reindex(business, slots);
    return answer;
  }

  /// Null when nothing is known of it.
  [[nodiscard]] const BusinessSlots* find(const BusinessId& business) const;
  [[nodiscard]] int limit_of(const BusinessId& business) const;
  /// The limit that a business has from now on, also after it was forgotten. A change for what runs is change()'s.
  void remember_limit(const BusinessId& business, int limit);

  /// The next grant: presses of every business first, round robin over businesses. A lease that is held already
  /// answers what it holds: the caller lost the first answer.
  [[nodiscard]] std::optional<std::pair<BusinessId, ClaimAnswer>> claim(bool play_only, const LeaseId& lease,
                                                                        SystemTime now);
  /// Forgets whose a lease was, once it is finished.
  void forget_lease(const LeaseId& lease) { business_of_.erase(lease); }
  /// A business that has something to do by now; to be swept.
  [[nodiscard]] std::optional<BusinessId> next_due(SystemTime now) const;
  /// Those that are not at rest, in no order.
  [[nodiscard]] std::vector<BusinessId> businesses() const;
  /// Some worker could claim something.
  [[nodiscard]] bool has_work(bool play_only) const;

  [[nodiscard]] std::size_t size() const noexcept { return slots_.size(); }

 private:
  // Businesses with unclaimed grants of one lane, in the order of their turns.
  struct Turns {
    std::map<std::uint64_t, BusinessId> queue;
    std::unordered_map<BusinessId, std::uint64_t> index;
  };

  [[nodiscard]] BusinessSlots& slots_of(const BusinessId& business);
  void prune_leases();
  void reindex(const BusinessId& business, const BusinessSlots& slots);
  void set_turn(Lane lane, const BusinessId& business, bool has_work);
  [[nodiscard]] Turns& turns_of(Lane lane) noexcept { return turns_[lane == Lane::kPlay ? 0 : 1]; }

  int default_limit_;
  int fetch_window_;
  std::unordered_map<BusinessId, BusinessSlots> slots_;
  std::unordered_map<BusinessId, int> limits_;
  std::array<Turns, 2> turns_;
  std::uint64_t next_turn_ = 0;
  std::unordered_map<LeaseId, BusinessId> business_of_;  // of claims
  std::set<std::pair<SystemTime, BusinessId>> due_;
  std::unordered_map<BusinessId, SystemTime> due_of_;
};

}  // namespace tapedeck
