#include "app/audit_log.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "domain/events.hpp"

namespace tapedeck {
namespace {

std::int64_t id_of(const Caller& caller) {
  return caller.kind == Caller::Kind::kSession ? caller.session_id : caller.key_id;
}

}  // namespace

std::size_t AuditLog::PlayHash::operator()(const Play& play) const noexcept {
  constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15ULL;
  const std::uint64_t mixed = (static_cast<std::uint64_t>(play.row_id) * kOdd) ^
                              (static_cast<std::uint64_t>(play.id) * kOdd >> 7U) ^ (play.download ? 1U : 0U) ^
                              (static_cast<std::uint64_t>(play.kind) << 1U);
  return static_cast<std::size_t>(mixed);
}

void AuditLog::add(const Caller& caller, const BusinessId& business, std::string_view action, std::string_view sid,
                   std::string_view detail) {
  AuditEntry entry{.at = clock_.system_now(),
                   .business = business,
                   .actor = caller.actor(),
                   .action = std::string(action),
                   .sid = std::string(sid),
                   .detail = std::string(detail)};
  const std::scoped_lock lock(mutex_);
  push(std::move(entry));
}

void AuditLog::play(const Caller& caller, const Recording& recording, bool download) {
  const Play play{.kind = caller.kind, .id = id_of(caller), .row_id = recording.row_id, .download = download};
  const SteadyTime now = clock_.steady_now();
  const std::scoped_lock lock(mutex_);
  const auto found = plays_.find(play);
  if (found != plays_.end() && now < found->second) {
    found->second = now + kPlayWindow;
    return;
  }
  if (plays_.size() >= kPlaysRememberedMax) {
    std::erase_if(plays_, [now](const auto& entry) { return now >= entry.second; });
    if (plays_.size() >= kPlaysRememberedMax) plays_.clear();
  }
  plays_.insert_or_assign(play, now + kPlayWindow);
  push(AuditEntry{.at = clock_.system_now(),
                  .business = recording.business,
                  .actor = caller.actor(),
                  .action = download ? "download" : "play",
                  .sid = recording.sid.str(),
                  .detail = {}});
}

void AuditLog::push(AuditEntry entry) {
  if (pending_.size() >= kAuditPendingMax) {
    pending_.pop_front();
    ++dropped_;
  }
  pending_.push_back(std::move(entry));
}

Task<Result<void>> AuditLog::flush() {
  while (true) {
    std::vector<AuditEntry> batch;
    std::size_t dropped = 0;
    {
      const std::scoped_lock lock(mutex_);
      const auto count = static_cast<std::ptrdiff_t>(std::min(pending_.size(), kAuditBatchMax));
      std::move(pending_.begin(), pending_.begin() + count, std::back_inserter(batch));
      pending_.erase(pending_.begin(), pending_.begin() + count);
      dropped = std::exchange(dropped_, 0);
    }
    if (dropped > 0) {
      events_.emit(event::audit_dropped(static_cast<std::int64_t>(dropped)));
    }
    if (batch.empty()) co_return Result<void>{};
    // The store gets a copy: on failure the entries go back to the front.
    std::vector<AuditEntry> given = batch;
    Result<void> appended = co_await audit_.append_audit(std::move(given));
    if (!appended) {
      const std::scoped_lock lock(mutex_);
      pending_.insert(pending_.begin(), std::move_iterator(batch.begin()), std::move_iterator(batch.end()));
      co_return fail(std::move(appended.error()));
    }
  }
}

Task<Result<void>> AuditLog::write() {
  const Result<void> flushed = co_await flush();
  // One line when writing begins to fail, not one each second.
  if (!flushed && !is_failing_) {
    events_.emit(event::audit_not_written(flushed.error()));
  }
  is_failing_ = !flushed.has_value();
  co_return Result<void>();
}

}  // namespace tapedeck
