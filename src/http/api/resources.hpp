#pragma once

#include <span>

#include "http/api/route.hpp"

namespace tapedeck::http {

// Each resource has one file, which exports its routes.

[[nodiscard]] std::span<const Route> call_routes();       // calls.cpp
[[nodiscard]] std::span<const Route> stream_routes();     // stream.cpp
[[nodiscard]] std::span<const Route> peaks_routes();      // peaks.cpp
[[nodiscard]] std::span<const Route> recording_routes();  // recordings.cpp
[[nodiscard]] std::span<const Route> queue_routes();      // queue.cpp
[[nodiscard]] std::span<const Route> session_routes();    // sessions.cpp
[[nodiscard]] std::span<const Route> webhook_routes();    // webhooks.cpp
[[nodiscard]] std::span<const Route> system_routes();     // system.cpp

}  // namespace tapedeck::http
