#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/audit_log.hpp"
#include "app/backlog.hpp"
#include "app/storage_check.hpp"
#include "app/upkeep/lease.hpp"
#include "app/upkeep/missed_webhooks.hpp"
#include "app/upkeep/slot_upkeep.hpp"
#include "app/upkeep/source_deletions.hpp"
#include "app/upkeep/upkeep.hpp"
#include "slots/business_rules.hpp"

namespace tapedeck {

/// What the upkeep of a process that downloads is made of.
struct WorkerUpkeep {
  struct Dependencies {
    CallStore& calls;
    SlotStore& slots;
    BlobStore& blobs;
    RecordingSource& source;
    PatientListing& listing;
    Businesses& businesses;
    SlotRequests& requests;
    Webhooks& webhooks;
    Backlog& backlog;
    Clock& clock;
    EventSink& events;
  };
  struct Options {
    std::string holder;             ///< names this process, and no other
    bool lists_provider = true;     ///< the provider may be asked for its list
    bool collects_uploads = false;  ///< the blob store may hold uploads in parts that nobody completed
  };
  WorkerUpkeep(const Dependencies& dependencies, Options options);

  const Dependencies d;
  const Options options;
  UpkeepLease lease;
  SlotUpkeep slots;
  MissedWebhooks missed;
  StorageCheck storage;
  SourceDeletions sources;
};

/// All periodic work of a process, as one table. The arguments must outlive the table. `audit` is null in a process
/// that does not serve, `worker` in one that does not download.
[[nodiscard]] std::vector<UpkeepTask> upkeep_table(BusinessRules& rules, AuditLog* audit, WorkerUpkeep* worker);

}  // namespace tapedeck
