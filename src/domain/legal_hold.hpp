#pragma once

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/time.hpp"
#include "domain/recording.hpp"

namespace tapedeck {

/// The error of deleting a recording under legal hold: kConflict, with the time and the reason of the hold.
[[nodiscard]] inline std::unexpected<Error> held(const Recording& recording) {
  return fail(Errc::kConflict, fmt::format("the recording is under a legal hold since {} ({}): release it first",
                                           format_rfc3339(recording.hold->since), recording.hold->reason));
}

}  // namespace tapedeck
