#include "calls/postgres/seat.hpp"

#include <random>
#include <thread>

#include <fmt/format.h>

namespace tapedeck::postgres {
namespace {

Seat::Time now() { return std::chrono::steady_clock::now(); }

// Beside each other all processes of an installation have a few hundred of them.
std::int64_t random_id() {
  std::random_device device;
  const std::uint64_t high = device();
  return static_cast<std::int64_t>(((high << 32U) | device()) >> 1U);
}

// A refused statement that says something of the server, not only of the one job.
bool is_of_the_server(const Error& error) {
  switch (error.errc()) {
    case Errc::kReadOnly:
    case Errc::kNoSpace:
    case Errc::kIo:
    case Errc::kCorrupt: return true;
    default: return false;
  }
}

}  // namespace

Seat::Seat(Access access, const ConnectionString& where, const DatabaseLimits& limits, const PoolOptions& options,
           PoolCounts& counts)
    : access_(access), where_(where), limits_(limits), options_(options), counts_(counts), mark_(random_id()) {}

Seat::~Seat() {
  if (database_ == nullptr || !has_marked_) return;
  try {
    mark_.forget(*database_);
  } catch (const std::exception&) {
    // ChangeMark::forget_abandoned() removes it later.
  }
}

Outcome Seat::run(const Work& work, Time deadline) {
  for (int runs = 1;; ++runs) {
    if (auto refusal = connect(deadline)) return {std::move(refusal), true};
    try {
      run_once(work);
      return {};
    } catch (const StorageFailure& failure) {
      const bool is_lost = failure.remedy() == Remedy::kReconnect || failure.remedy() == Remedy::kAsk;
      if (is_lost) {
        database_.reset();
      } else {
        leave_transaction();
      }
      if (failure.remedy() == Remedy::kAsk) {
        const auto is_made = is_made_after_all();
        if (!is_made) return {is_made.error(), true};
        if (*is_made) return {};
      }
      // The next connection may be to a server that takes changes.
      if (failure.error().errc() == Errc::kReadOnly) database_.reset();
      if (failure.remedy() == Remedy::kNone || runs >= options_.runs_max || now() >= deadline) {
        return {failure.error(), is_lost || is_of_the_server(failure.error())};
      }
    }
  }
}

// Nothing when there is a connection in the end.
std::optional<Error> Seat::connect(Time deadline) {
  if (database_ != nullptr) return std::nullopt;
  if (!lost_at_) lost_at_ = now();
  const auto is_long_lost = [this] { return now() - *lost_at_ >= options_.reconnect_patience; };
  if (refused_at_ && is_long_lost() && now() - *refused_at_ < options_.reconnect_pause) return refusal_;
  while (true) {
    try {
      database_ = std::make_unique<Database>(where_, limits_);
      counts_.connects.fetch_add(1, std::memory_order_relaxed);
      lost_at_.reset();
      refused_at_.reset();
      return std::nullopt;
    } catch (const StorageFailure& failure) {
      refused_at_ = now();
      refusal_ = failure.error();
      if (failure.remedy() == Remedy::kNone || is_long_lost() || now() >= deadline) return refusal_;
    }
    std::this_thread::sleep_for(options_.reconnect_pause);
  }
}

void Seat::run_once(const Work& work) {
  if (access_ == Access::kRead) {
    (void)work(*database_);
    return;
  }
  database_->begin();
  const bool is_kept = work(*database_);
  if (!is_kept || !database_->has_written()) {
    database_->roll_back();  // nothing to keep, and so nothing to wait for
    return;
  }
  has_marked_ = true;
  mark_.commit(*database_);
  counts_.commits.fetch_add(1, std::memory_order_relaxed);
}

void Seat::leave_transaction() {
  try {
    if (database_->is_in_transaction()) database_->roll_back();
  } catch (const StorageFailure&) {
    database_.reset();
  }
}

Result<bool> Seat::is_made_after_all() {
  const Time until = now() + options_.doubt_patience;
  while (true) {
    Error why;
    if (const auto refusal = connect(until)) {
      why = *refusal;
    } else {
      try {
        return mark_.is_made(*database_);
      } catch (const StorageFailure& failure) {
        why = failure.error();
        if (failure.remedy() != Remedy::kAgain) database_.reset();
      }
    }
    if (now() >= until) {
      return fail(unavailable(fmt::format("whether the change was made is not known: {}", why.detail)));
    }
    std::this_thread::sleep_for(options_.reconnect_pause);
  }
}

}  // namespace tapedeck::postgres
