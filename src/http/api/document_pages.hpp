#pragma once

#include <string>
#include <string_view>

namespace tapedeck::http {

/// /docs: the template, with a table of requests for each tag of the OpenAPI description.
[[nodiscard]] std::string docs_page(std::string_view page, std::string_view openapi);

/// /docs/problems: the template, with an entry for each type of problem.
[[nodiscard]] std::string problems_page(std::string_view page);

}  // namespace tapedeck::http
