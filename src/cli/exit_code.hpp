#pragma once

namespace tapedeck {

/// The exit codes of the process. docs/operations.md has the same list.
enum ExitCode : int {
  kDone = 0,
  kFailed = 1,         ///< the command was tried and did not succeed
  kWrongUsage = 2,     ///< unknown command, flag or argument
  kWrongSettings = 3,  ///< every problem is listed on stderr
};

}  // namespace tapedeck
