#include <algorithm>

#include "tests/fakes/memory_call_store.hpp"

namespace tapedeck {
namespace {

std::unexpected<Error> stale() { return fail(Errc::kStaleFence, "the recording has other audio since, or none"); }

}  // namespace

Recording* MemoryCallStore::row_with_audio(std::int64_t row_id, const std::string& blob_key) {
  if (row_id < 1 || row_id > std::ssize(recordings_)) return nullptr;
  Recording& found = row(row_id);
  return found.state == RecordingState::kStored && found.audio->blob_key == blob_key ? &found : nullptr;
}

Task<Result<std::vector<MeasureClaim>>> MemoryCallStore::claim_unmeasured(SystemTime now, SystemTime until, int limit) {
  std::vector<std::pair<SystemTime, std::int64_t>> due;
  for (const auto& [row_id, unmeasured] : unmeasured_) {
    if (unmeasured.at <= now) due.emplace_back(unmeasured.at, row_id);
  }
  std::ranges::sort(due, std::ranges::greater{});
  std::vector<MeasureClaim> claims;
  for (const auto& [at, row_id] : due) {
    if (std::ssize(claims) >= limit) break;
    Unmeasured& unmeasured = unmeasured_.at(row_id);
    unmeasured.at = until;
    claims.push_back({row(row_id), ++unmeasured.tries});
  }
  co_return claims;
}

Task<Result<void>> MemoryCallStore::release_measures() {
  for (auto& [row_id, unmeasured] : unmeasured_) unmeasured.at = row(row_id).audio->stored_at;
  co_return Result<void>();
}

Task<Result<void>> MemoryCallStore::record_measure(std::int64_t row_id, std::string blob_key, AudioMeasure measure) {
  Recording* found = row_with_audio(row_id, blob_key);
  if (found == nullptr) co_return stale();
  found->measure = std::move(measure);
  found->measure_cause.reset();
  unmeasured_.erase(row_id);
  co_return Result<void>();
}

Task<Result<void>> MemoryCallStore::fail_measure(std::int64_t row_id, std::string blob_key, MeasureFailure failure) {
  Recording* found = row_with_audio(row_id, blob_key);
  const auto unmeasured = unmeasured_.find(row_id);
  if (found == nullptr || unmeasured == unmeasured_.end()) co_return stale();
  if (failure.again_at) {
    unmeasured->second.at = *failure.again_at;
    if (!failure.try_counts) unmeasured->second.tries = std::max(unmeasured->second.tries - 1, 0);
  } else {
    found->measure_cause = std::move(failure.cause);
    unmeasured_.erase(unmeasured);
  }
  co_return Result<void>();
}

Task<Result<void>> MemoryCallStore::measure_again(std::int64_t row_id, std::string blob_key) {
  Recording* found = row_with_audio(row_id, blob_key);
  if (found == nullptr) co_return stale();
  found->measure.reset();
  found->measure_cause.reset();
  unmeasured_[row_id] = {found->audio->stored_at, 0};
  co_return Result<void>();
}

}  // namespace tapedeck
