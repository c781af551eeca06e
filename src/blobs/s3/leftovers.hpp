#pragma once

#include "blobs/s3/connection.hpp"
#include "runtime/task.hpp"

namespace tapedeck::s3 {

/// An upload in parts that began longer ago than this is abandoned. Publishing takes minutes at most.
inline constexpr Milliseconds kLeftoverAge{6 * 60 * 60'000};
/// Most pages of unfinished uploads that one call reads, and uploads on a page.
inline constexpr int kUploadPagesMax = 100;
inline constexpr int kUploadsOnPage = 500;

/// Aborts the unfinished uploads of our keys that are older than `age`; returns how many. None if the store cannot list
/// them.
[[nodiscard]] Task<Result<int>> abort_leftovers(Connection& connection, Milliseconds age);

}  // namespace tapedeck::s3
