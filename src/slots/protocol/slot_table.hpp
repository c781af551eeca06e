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

/// The slots of every business in one process, and two indexes over them: the businesses with work for a worker, in the
/// order of their turns, and the businesses that are due for a sweep. It forgets businesses at rest. Not thread-safe.
///
/// Every change goes through change(), which keeps the indexes true and costs O(active + log businesses) beside the
/// change itself.
class SlotTable {
 public:
  /// Remembered claims from which on each new one first removes those that no longer hold their lease.
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

  /// Null: the business is at rest, or unknown.
  [[nodiscard]] const BusinessSlots* find(const BusinessId& business) const;
  [[nodiscard]] int limit_of(const BusinessId& business) const;
  /// Sets the limit that a business starts with, also after the table forgot it. For a business that is here the caller
  /// also calls set_limit(), through change().
  void remember_limit(const BusinessId& business, int limit);

  /// The next grant: presses of every business first, round robin over businesses. A lease that is held already gets
  /// what it holds, because the caller lost the first answer.
  [[nodiscard]] std::optional<std::pair<BusinessId, ClaimAnswer>> claim(bool play_only, const LeaseId& lease,
                                                                        SystemTime now);
  /// Forgets the business of a lease that is finished.
  void forget_lease(const LeaseId& lease) { business_of_.erase(lease); }
  /// A business that needs a sweep by now.
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
