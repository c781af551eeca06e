#pragma once

#include <memory>

#include "app/upkeep/table.hpp"
#include "app/webhooks.hpp"
#include "main/fetching.hpp"
#include "main/shared_parts.hpp"
#include "provider/twilio/recording_listing.hpp"

namespace tapedeck {

/// The upkeep of a process that downloads.
class Upkeeping {
 public:
  /// `fetching` must outlive it. Error kInvalidArgument: the provider's address.
  [[nodiscard]] static Result<std::unique_ptr<Upkeeping>> make(const SharedParts& parts, Fetching& fetching);

  [[nodiscard]] WorkerUpkeep& worker() { return worker_; }
  [[nodiscard]] const Backlog& backlog() const { return backlog_; }

 private:
  Upkeeping(const SharedParts& parts, Fetching& fetching, std::unique_ptr<TwilioRecordingListing> listing);

  std::unique_ptr<TwilioRecordingListing> listing_;
  PatientListing patient_;
  Webhooks webhooks_;
  Backlog backlog_;
  WorkerUpkeep worker_;
};

}  // namespace tapedeck
