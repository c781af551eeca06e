#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "app/recordings.hpp"
#include "app/webhooks.hpp"
#include "slots/business_rules.hpp"
#include "tests/fakes/memory_call_store.hpp"
#include "tests/simulation/process.hpp"
#include "tests/simulation/slot_checker.hpp"

namespace tapedeck::simulation {

/// The faults of an episode.
struct Weather {
  bool crashes = false;  ///< workers die; whole restarts; cut off from the slot store
  bool provider_faults = false;
  bool store_faults = false;  ///< call store away, disk full, answers lost
  bool rules_change = false;  ///< limits, pauses
};

/// A world on a virtual clock: a call store, a slot store, a provider, workers that die, users who press. The same seed
/// gives the same story.
class World {
 public:
  World(std::uint64_t seed, Weather weather, TransitionCounts& counts);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// Does `operations` random operations and checks every step; then lets everything come to rest, and checks that
  /// nothing was lost. Empty, or the broken rule.
  [[nodiscard]] std::string run(int operations);
  [[nodiscard]] std::uint64_t steps() const { return slots_.steps(); }

 private:
  struct Tenant {
    BusinessId id;
    AccountSid account;
    int limit = kDefaultSlotLimit;
    bool changes = false;  ///< its limit and pause change
    std::vector<Sid> known;
  };

  void add_tenant(int number, int limit, bool changes);
  void start_worker();
  void settle();
  void pass_time(Milliseconds at_most);
  void act();
  void act_of_user();
  void act_of_operator();
  void act_of_fate();
  [[nodiscard]] Sid new_call(Tenant& tenant);
  [[nodiscard]] Tenant& any_tenant() { return tenants_[random_.below(tenants_.size())]; }
  [[nodiscard]] bool is_excused(const BusinessId& business, const Sid& sid);
  [[nodiscard]] Process* any_living();
  void kill(Process& process);
  void restart_everything();
  void come_to_rest();
  void check_rest();
  void spawn(Task<> task);
  [[nodiscard]] Task<> announce(Tenant& tenant, int repeats);
  [[nodiscard]] Task<> press(Tenant& tenant, Sid sid);
  [[nodiscard]] Task<> retry(Tenant& tenant, Sid sid);
  [[nodiscard]] Task<> cancel(Tenant& tenant, Sid sid);
  [[nodiscard]] Task<> remove(Tenant& tenant, Sid sid);
  [[nodiscard]] Task<> put_business(Business business);
  [[nodiscard]] Task<> put_call(BusinessId business, CallUpdate update);
  [[nodiscard]] Task<> resume(BusinessId id);
  [[nodiscard]] Task<> change_rules(Tenant& tenant);
  [[nodiscard]] Task<> refresh_rules();
  [[nodiscard]] Task<> reconcile();
  [[nodiscard]] Task<> recover();

  boost::asio::io_context loop_;
  VirtualClock clock_;
  SeededRandom random_;
  Weather weather_;
  TransitionCounts& counts_;
  SilentEvents events_;
  StoreFaults faults_;
  MemoryCallStore truth_;
  MemoryBlobStore blobs_;
  Provider provider_;
  CheckedSlotStore slots_;
  Life api_life_;
  MortalCallStore api_calls_;
  MortalSlotStore api_slots_;
  Businesses businesses_;
  ProgressBoard progress_;
  HotRecordings hot_;
  std::optional<BusinessRules> rules_;
  SlotRecovery recovery_;
  SlotRequests requests_;
  Recordings recordings_;
  Webhooks webhooks_;
  std::vector<Tenant> tenants_;
  std::vector<std::unique_ptr<Process>> processes_;
  std::int64_t epoch_ = 1;
  int next_number_ = 1;
  bool ending_ = false;  // the broken rule is known; only the tasks must still end
  std::ptrdiff_t deaths_ = 0;
  SteadyTime last_fate_{};  // when something last excused a lost lease
  std::set<Sid> deleted_;
};

}  // namespace tapedeck::simulation
