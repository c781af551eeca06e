#pragma once

#include <span>
#include <string_view>

#include "http/server/static_files.hpp"

namespace tapedeck::http {

/// /openapi.json, /docs, /docs/problems and their style sheet. The build embeds the sources; the tables of both pages
/// are made from the OpenAPI description and problem_types().
[[nodiscard]] std::span<const StaticAsset> embedded_documents();

/// The OpenAPI 3.1 description of the interface.
[[nodiscard]] std::string_view openapi_document();

}  // namespace tapedeck::http
