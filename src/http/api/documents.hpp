#pragma once

#include <span>
#include <string_view>

#include "http/server/static_files.hpp"

namespace tapedeck::http {

/// /openapi.json, /docs, /docs/problems and their style sheet, embedded at build time.
[[nodiscard]] std::span<const StaticAsset> embedded_documents();

/// The description of the interface (OpenAPI 3.1).
[[nodiscard]] std::string_view openapi_document();

}  // namespace tapedeck::http
