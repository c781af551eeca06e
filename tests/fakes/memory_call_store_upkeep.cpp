// Imports, leases and marks.

#include <algorithm>

#include <fmt/format.h>

#include "tests/fakes/memory_call_store.hpp"

namespace tapedeck {

Task<Result<std::vector<std::optional<KnownRecording>>>> MemoryCallStore::known_recordings(
    AccountSid account, std::vector<RecordingSid> recordings) {
  std::vector<std::optional<KnownRecording>> known;
  for (const RecordingSid& recording : recordings) {
    auto found = identities_.find({account, recording});
    if (found == identities_.end()) found = identities_.find({AccountSid(), recording});
    known.emplace_back();
    if (found == identities_.end()) continue;
    const Recording& entry = row(found->second);
    const auto of_import = import_of_.find(entry.row_id);
    known.back() = KnownRecording{entry.business, entry.sid, entry.state,
                                  of_import == import_of_.end() ? std::int64_t{0} : of_import->second};
  }
  co_return known;
}

Task<Result<Import>> MemoryCallStore::open_import(BusinessId business, ImportScope scope, bool anew, SystemTime now) {
  if (tenant(business) == nullptr) co_return fail(Errc::kNotFound, fmt::format("no business {}", business.view()));
  if (!anew) {
    for (auto known = imports_.rbegin(); known != imports_.rend(); ++known) {
      if (known->business == business && known->scope == scope) co_return *known;
    }
  }
  Import begun;
  begun.id = std::ssize(imports_) + 1;
  begun.business = std::move(business);
  begun.scope = std::move(scope);
  begun.started_at = now;
  begun.touched_at = now;
  imports_.push_back(begun);
  co_return begun;
}

Task<Result<void>> MemoryCallStore::save_import(Import import) {
  if (import.id < 1 || import.id > std::ssize(imports_)) {
    co_return fail(Errc::kNotFound, fmt::format("no import {}", import.id));
  }
  Import& kept = imports_[static_cast<std::size_t>(import.id - 1)];
  kept.touched_at = import.touched_at;
  kept.next_page = import.next_page;
  kept.is_listed = import.is_listed;
  kept.counts = import.counts;
  co_return Result<void>();
}

Task<Result<std::vector<ImportTally>>> MemoryCallStore::import_tally(std::int64_t import) {
  std::map<std::pair<std::string, std::string>, ImportTally> sums;
  for (const auto& [row_id, of_import] : import_of_) {
    if (of_import != import) continue;
    const Recording& entry = row(row_id);
    const std::string cause = entry.cause ? entry.cause->code : std::string();
    ImportTally& sum = sums[{std::string(state_name(entry.state)), cause}];
    sum = {entry.state, cause, sum.count + 1};
  }
  std::vector<ImportTally> tally;
  for (auto& [key, sum] : sums) tally.push_back(std::move(sum));
  co_return tally;
}

Task<Result<std::vector<BusinessId>>> MemoryCallStore::importing_since(SystemTime since) {
  std::set<BusinessId> found;
  for (const Import& one : imports_) {
    if (one.touched_at >= since) found.insert(one.business);
  }
  co_return std::vector<BusinessId>(found.begin(), found.end());
}

Task<Result<std::vector<Recording>>> MemoryCallStore::stored_after(std::int64_t after, int limit) {
  std::vector<Recording> found;
  for (std::int64_t row_id = after + 1; row_id <= std::ssize(recordings_) && std::ssize(found) < limit; ++row_id) {
    if (row(row_id).state == RecordingState::kStored) found.push_back(row(row_id));
  }
  co_return found;
}

Task<Result<void>> MemoryCallStore::lose_audio(std::int64_t row_id, std::int64_t fence, std::optional<Cause> cause,
                                               SystemTime now) {
  const auto found = row_at_fence(row_id, fence);
  if (!found || (*found)->state != RecordingState::kStored) {
    co_return fail(Errc::kStaleFence, "the recording has changed since");
  }
  Recording& lost = **found;
  ++lost.fence;
  lost.audio.reset();
  if (cause) {
    lost.attempts = 0;
    lost.lane = Lane::kFetch;
    set_state(lost, RecordingState::kFailed);
  } else {
    enqueue(lost, Lane::kFetch, now);
  }
  lost.cause = std::move(cause);
  co_return Result<void>();
}

Task<Result<bool>> MemoryCallStore::take_lease(std::string name, std::string holder, SystemTime now, Milliseconds ttl) {
  Lease& lease = leases_[std::move(name)];
  if (lease.expires_at > now && lease.holder != holder) co_return false;
  lease = {std::move(holder), now + ttl};
  co_return true;
}

Task<Result<void>> MemoryCallStore::drop_lease(std::string name, std::string holder) {
  const auto found = leases_.find(name);
  if (found != leases_.end() && found->second.holder == holder) leases_.erase(found);
  co_return Result<void>();
}

Task<Result<bool>> MemoryCallStore::is_leased(std::string name, SystemTime now) {
  const auto found = leases_.find(name);
  co_return found != leases_.end() && found->second.expires_at > now;
}

Task<Result<UpkeepMark>> MemoryCallStore::find_mark(std::string name) {
  const auto found = marks_.find(name);
  if (found == marks_.end()) co_return UpkeepMark{};
  co_return found->second;
}

Task<Result<void>> MemoryCallStore::put_mark(std::string name, UpkeepMark mark) {
  marks_[std::move(name)] = std::move(mark);
  co_return Result<void>();
}

}  // namespace tapedeck
