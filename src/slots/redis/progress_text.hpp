#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/recording.hpp"

namespace tapedeck::redis {

/// The progress of a download, as Keys::progress() holds it: "<bytes>", or "<bytes> <total>".
[[nodiscard]] std::string progress_text(const Progress& progress);
/// Empty: another program wrote it.
[[nodiscard]] std::optional<Progress> parse_progress(std::string_view text);

}  // namespace tapedeck::redis
