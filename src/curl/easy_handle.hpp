#pragma once

#include <curl/curl.h>

#include "curl/transfer_state.hpp"

namespace tapedeck {

/// libcurl must be prepared once in a process, before the first handle.
void prepare_libcurl();

/// A handle that is set up for `state`'s request, and calls back into it. Null when libcurl has no memory. The state
/// must outlive the handle.
[[nodiscard]] CURL* make_easy_handle(TransferState& state);

/// What libcurl's result means, with its own words for it.
[[nodiscard]] CurlError error_of_result(CURLcode result, const TransferState& state);

}  // namespace tapedeck
