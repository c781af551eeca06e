#pragma once

#include "app/play.hpp"
#include "http/api/problem.hpp"

namespace tapedeck::http {

/// The answer of a stream, a retry and a waveform whose recording is not stored: 202 while it is under way, otherwise
/// 410 or 424.
[[nodiscard]] Answer not_stored(const RecordingView& view, SystemTime now);

/// The problem of a recording that is deleted, or absent at the provider.
[[nodiscard]] Problem gone(const Recording& recording);

}  // namespace tapedeck::http
