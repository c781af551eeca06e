#pragma once

namespace tapedeck {

/// What the process says when it ends. docs/operations.md has the same list.
enum ExitCode : int {
  kDone = 0,
  kFailed = 1,         ///< it was tried, and did not work
  kWrongUsage = 2,     ///< unknown command, flag or argument
  kWrongSettings = 3,  ///< every problem is listed on stderr
};

}  // namespace tapedeck
