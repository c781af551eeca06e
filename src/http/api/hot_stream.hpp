#pragma once

#include <optional>

#include "http/api/dependencies.hpp"
#include "http/server/message.hpp"

namespace tapedeck::http {

/// The hot path: the stream of a recording whose audio is open, for a caller whose key is cached or who holds a link.
/// It needs no coroutine and asks no store. Nothing for any other request; the route of the stream then answers it.
[[nodiscard]] std::optional<Response> answer_hot_stream(const Request& request, const Dependencies& dependencies,
                                                        const ApplicationSettings& settings);

}  // namespace tapedeck::http
