#pragma once

#include <span>

#include "http/server/static_files.hpp"

namespace tapedeck {

/// The page, as web/ was built into web/dist when the program was. Empty when it was not.
[[nodiscard]] std::span<const http::StaticAsset> page_assets();

}  // namespace tapedeck
