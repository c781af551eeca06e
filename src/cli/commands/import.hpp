#pragma once

#include <optional>
#include <string>

#include "calls/businesses.hpp"
#include "calls/ports/call_list_store.hpp"
#include "calls/ports/import_store.hpp"
#include "calls/ports/lease_store.hpp"
#include "calls/ports/recording_store.hpp"
#include "cli/commands/output.hpp"
#include "provider/recording_listing.hpp"
#include "runtime/clock.hpp"
#include "runtime/random.hpp"

namespace tapedeck {

/// What `tapedeck import` was told, as it was typed.
struct ImportArguments {
  std::string business;
  std::optional<std::string> account;
  std::optional<std::string> since;
  std::optional<std::string> until;
  bool dry_run = false;
  bool whole_account = false;
  bool restart = false;
  bool no_wait = false;
};

/// What the command works with.
struct ImportParts {
  ImportStore& imports;
  CallListStore& calls;
  RecordingStore& recordings;
  LeaseStore& leases;
  Businesses& businesses;
  RecordingListing& listing;
  Clock& clock;
  Random& random;
};

/// Brings a business's recordings over, until it is done or SIGINT or SIGTERM comes; a second one ends the process.
/// `is_terminal`: somebody looks at `output.out`, and sees a bar; otherwise it gets lines of JSON, as with
/// `output.json`. kFailed when not everything that was to be stored is.
[[nodiscard]] int import_recordings(const ImportParts& parts, const ImportArguments& arguments, const Output& output,
                                    bool is_terminal);

}  // namespace tapedeck
