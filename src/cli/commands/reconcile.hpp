#pragma once

#include <optional>
#include <string>

#include "calls/businesses.hpp"
#include "calls/ports/business_store.hpp"
#include "calls/ports/lease_store.hpp"
#include "cli/commands/output.hpp"
#include "runtime/clock.hpp"

namespace tapedeck {

struct ReconcileArguments {
  std::optional<std::string> business;  ///< whose account's list; none: every one's
  std::optional<std::string> since;
};

/// Asks the worker to look now for webhooks that never came, and to compare rows and blobs, instead of when it is due.
[[nodiscard]] int ask_to_reconcile(BusinessStore& businesses, LeaseStore& leases, const ProviderDefaults& defaults,
                                   const Clock& clock, const ReconcileArguments& arguments, const Output& output);

}  // namespace tapedeck
