#pragma once

#include <stop_token>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "app/check_storage.hpp"
#include "app/upkeep/missed_webhooks.hpp"
#include "calls/ports/import_store.hpp"
#include "calls/ports/lease_store.hpp"
#include "calls/ports/waiting_store.hpp"
#include "domain/event_sink.hpp"
#include "runtime/clock.hpp"
#include "slots/slot_store.hpp"

namespace tapedeck {

/// How long the lease lasts, and how often it is renewed, or asked for by those who do not have it.
inline constexpr Milliseconds kUpkeepLeaseTtl{15'000};
inline constexpr Milliseconds kUpkeepLeaseEvery{5'000};
/// How often it is looked for imports that write rows down, and since when they must have done so.
inline constexpr Milliseconds kFeedEvery{1'000};
inline constexpr Milliseconds kFeedFresh{60'000};
/// How often it is looked which accounts are due for listing.
inline constexpr Milliseconds kListingLook{60'000};
/// Between two batches of the comparison of rows and blobs, and after one that failed.
inline constexpr Milliseconds kStorageStepEvery{1'000};
inline constexpr Milliseconds kStorageStepRetry{60'000};

/// What workers do beside downloading, one process at a time by a lease in the call store: bring what imports write
/// down to the slot store, look for webhooks that never came, and compare the rows with the blobs. Two processes that
/// do it at once, when a lease has passed on unnoticed, do it twice and no harm: every change is guarded in the call
/// store. Everything on one executor of one thread.
class Upkeep {
 public:
  struct Dependencies {
    LeaseStore& leases;
    ImportStore& imports;
    WaitingStore& waiting;
    SlotStore& slots;
    SlotRequests& requests;
    MissedWebhooks& missed;
    StorageCheck& storage;
    Clock& clock;
    EventSink& events;
  };

  /// `holder` names this process, and no other. `lists`: the provider may be asked for its list.
  Upkeep(Dependencies dependencies, std::string holder, bool lists)
      : d_(dependencies), holder_(std::move(holder)), lists_(lists) {}

  /// Until `stop` is requested.
  [[nodiscard]] Task<> run(boost::asio::any_io_executor executor, std::stop_token stop);
  /// This process has the lease, as far as it knows.
  [[nodiscard]] bool has_lease() const { return has_lease_ && d_.clock.steady_now() < lease_until_; }

 private:
  [[nodiscard]] Task<> keep_lease(std::stop_token stop);
  [[nodiscard]] Task<> feed(std::stop_token stop);
  [[nodiscard]] Task<> feed_once();
  [[nodiscard]] Task<> look_for_missed(std::stop_token stop);
  [[nodiscard]] Task<bool> is_wanted();
  [[nodiscard]] Task<> check_storage(std::stop_token stop);
  void tell_failure(std::string task, const Error& error);

  Dependencies d_;
  const std::string holder_;
  const bool lists_;
  bool has_lease_ = false;
  SteadyTime lease_until_{};
  std::string wanted_;  // the cursor of kWantedMark that was heeded last
};

}  // namespace tapedeck
