#pragma once

#include <string>
#include <vector>

#include "cli/commands/output.hpp"
#include "main/settings.hpp"
#include "main/slot_stores.hpp"
#include "provider/recording_source.hpp"

namespace tapedeck {

enum class Verdict { kFine, kWarning, kBroken };

/// What one look found, and how to mend it.
struct Finding {
  std::string about;
  Verdict verdict = Verdict::kFine;
  std::string what;
  std::string mend;  ///< empty when fine
};

// Below these, a warning.

/// Free space of DATA_DIR, in bytes; a recording of an hour is about 14 MB of MP3.
inline constexpr std::uint64_t kFreeSpaceComfortable = 1'000'000'000;
/// A sync of the disk: a press waits for one before it is answered 202.
inline constexpr Milliseconds kSyncComfortable{20};
/// Descriptors beside those of connections: files, the database, downloads.
inline constexpr std::uint64_t kDescriptorsBesideConnections = 1'000;

/// An account whose credentials are to be tried, and whose it is.
struct AccountToTry {
  std::string owner;
  AccountSid account;
  std::string auth_token;
};

/// What this machine and these settings show. Writes one small file in DATA_DIR, and removes it.
[[nodiscard]] std::vector<Finding> examine_machine(const Settings& settings);
/// What Redis says of itself.
[[nodiscard]] std::vector<Finding> examine_redis(const Result<OpenSlotStore>& slots);
/// How the object store answered a ping.
[[nodiscard]] Finding examine_storage(const Result<void>& answer);
/// Asks the provider for a recording that cannot exist: "no such recording" means that the credentials are good.
[[nodiscard]] std::vector<Finding> examine_accounts(RecordingSource& source, const std::vector<AccountToTry>& accounts);
/// Prints a line for each; kFailed when something is broken.
[[nodiscard]] int report(const std::vector<Finding>& findings, const Output& output);

}  // namespace tapedeck
