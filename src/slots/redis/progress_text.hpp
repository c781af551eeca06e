#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/recording.hpp"

namespace tapedeck::redis {

/// How far a download is, as it stands under Keys::progress(): "<bytes>", or "<bytes> <total>".
[[nodiscard]] std::string progress_text(const Progress& progress);
/// Empty: somebody else wrote it.
[[nodiscard]] std::optional<Progress> parse_progress(std::string_view text);

}  // namespace tapedeck::redis
