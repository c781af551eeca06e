#pragma once

#include <memory>
#include <string>

#include "app/upkeep/upkeep.hpp"
#include "app/webhooks.hpp"
#include "main/fetching.hpp"
#include "main/shared_parts.hpp"
#include "provider/recording_listing.hpp"

namespace tapedeck {

/// What a worker's process does beside downloading: see Upkeep.
class Upkeeping {
 public:
  /// `fetching` must outlive it. Error kInvalidArgument: the provider's address.
  [[nodiscard]] static Result<std::unique_ptr<Upkeeping>> make(const SharedParts& parts, Fetching& fetching);

  [[nodiscard]] Upkeep& upkeep() { return upkeep_; }

 private:
  Upkeeping(const SharedParts& parts, Fetching& fetching, std::unique_ptr<RecordingListing> listing);

  std::unique_ptr<RecordingListing> listing_;
  PatientListing patient_;
  Webhooks webhooks_;
  MissedWebhooks missed_;
  StorageCheck storage_;
  Upkeep upkeep_;
};

}  // namespace tapedeck
