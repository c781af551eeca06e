#pragma once

#include <curl/curl.h>

#include "curl/transfer_state.hpp"

namespace tapedeck {

/// Prepares libcurl, once for the process, before the first handle.
void prepare_libcurl();

/// Makes a handle for `state`'s request that calls back into it. Null if libcurl is out of memory. The state must
/// outlive the handle.
[[nodiscard]] CURL* make_easy_handle(TransferState& state);

/// Converts libcurl's result, with libcurl's own text.
[[nodiscard]] CurlError error_of_result(CURLcode result, const TransferState& state);

}  // namespace tapedeck
