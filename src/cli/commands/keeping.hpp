#pragma once

#include <optional>
#include <string>

#include "blobs/blob_store.hpp"
#include "calls/ports/audit_store.hpp"
#include "calls/ports/business_store.hpp"
#include "calls/ports/call_list_store.hpp"
#include "calls/ports/keeping_store.hpp"
#include "cli/commands/output.hpp"
#include "runtime/clock.hpp"

namespace tapedeck {

/// What `hold` and `release` were given.
struct HoldChange {
  std::string business;
  std::string sid;
  std::string reason;
};

/// What `erase` was given: a number, or everything.
struct EraseChoice {
  std::string business;
  std::optional<std::string> number;
  bool is_everything = false;
  bool looks_only = false;
  bool is_confirmed = false;
};

/// What `audit` was given. Times: RFC 3339, or a day.
struct AuditChoice {
  std::string business;
  std::optional<std::string> since;  ///< inclusive
  std::optional<std::string> until;  ///< exclusive
  bool csv = false;
};

/// The business, where there is one. Error kNotFound says how to add it.
[[nodiscard]] Result<BusinessId> known_business(BusinessStore& businesses, const std::string& id);
/// "command:" and who runs this program, for the audit.
[[nodiscard]] std::string command_actor();

/// Each returns an exit code. They work beside a running server, which feels a change within two seconds.
[[nodiscard]] int hold_recording(BusinessStore& businesses, KeepingStore& keeping, AuditStore& audit, Clock& clock,
                                 const HoldChange& change, const Output& output);
[[nodiscard]] int release_recording(BusinessStore& businesses, KeepingStore& keeping, AuditStore& audit, Clock& clock,
                                    const HoldChange& change, const Output& output);
/// Exit code 1 also when something was left, because it is held.
[[nodiscard]] int erase_choice(BusinessStore& businesses, CallListStore& calls, KeepingStore& keeping, BlobStore& blobs,
                               Clock& clock, const EraseChoice& choice, const Output& output);
/// Page by page, so that memory does not grow with the audit. With output.json one object a line.
[[nodiscard]] int export_audit(BusinessStore& businesses, AuditStore& audit, const AuditChoice& choice,
                               const Output& output);

}  // namespace tapedeck
