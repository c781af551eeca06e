#pragma once

#include <span>

#include "http/server/static_files.hpp"

namespace tapedeck {

/// The files of the page, as web/dist had them when the program was built. Empty where it had none.
[[nodiscard]] std::span<const http::StaticAsset> page_assets();

}  // namespace tapedeck
