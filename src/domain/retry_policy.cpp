#include "domain/retry_policy.hpp"

#include <algorithm>
#include <array>

namespace tapedeck {
namespace {

// Most doublings, so that nothing overflows. Every cap is reached long before.
constexpr int kDoublingsMax = 30;

struct Row {
  Errc code;
  Backoff backoff;
  RetryScope scope = RetryScope::kRecording;
  bool attempt_counts = true;
};

// Errors that are retried after a wait. An error that is neither here nor a special case is final.
constexpr std::array kRows{
    Row{Errc::kProviderRateLimited, kRateLimitBackoff, RetryScope::kAccount, false},
    Row{Errc::kProviderUnreachable, kProviderBackoff},
    Row{Errc::kProviderTimedOut, kProviderBackoff},
    Row{Errc::kProviderServerError, kProviderBackoff},
    Row{Errc::kMediaTruncated, kMediaBackoff},
    Row{Errc::kMediaNotAudio, kMediaBackoff},
    Row{Errc::kMediaEmpty, kMediaBackoff},
    Row{Errc::kIo, kLocalBackoff},
    Row{Errc::kNoSpace, kLocalBackoff},
    Row{Errc::kReadOnly, kLocalBackoff},
    Row{Errc::kUnavailable, kLocalBackoff},
    Row{Errc::kConflict, kLocalBackoff},  // the blob's name is taken; the next attempt has another name
    Row{Errc::kTimedOut, kLocalBackoff},
};

const Row* find_row(Errc code) {
  const auto row = std::ranges::find(kRows, code, &Row::code);
  return row == kRows.end() ? nullptr : &*row;
}

Milliseconds scaled(Milliseconds span, double chance) {
  return Milliseconds{static_cast<Milliseconds::rep>(static_cast<double>(span.count()) * chance)};
}

// Chance can lengthen the wait that the other side asked for, never shorten it.
Milliseconds wait_for(const Error& error, const Backoff& backoff, const FailedAttempt& attempt) {
  if (!error.retry_after) return jittered_wait(backoff, attempt.attempts, attempt.chance);
  const Milliseconds asked = std::clamp(*error.retry_after, Milliseconds{0}, kRetryAfterMax);
  return asked + scaled(kRetryAfterJitter, attempt.chance);
}

RetryDecision retry_with(const Backoff& backoff, const FailedAttempt& attempt) {
  if (backoff.max_attempts > 0 && attempt.attempts >= backoff.max_attempts) return {.kind = RetryKind::kFail};
  const Milliseconds wait = jittered_wait(backoff, attempt.attempts, attempt.chance);
  return {.kind = RetryKind::kRetry, .retry_at = attempt.now + wait};
}

RetryDecision after_not_ready(const FailedAttempt& attempt) {
  const bool fresh = attempt.announced_at && attempt.now - *attempt.announced_at < kFreshFor;
  if (!fresh || attempt.attempts > kQuickRetries) return {.kind = RetryKind::kDescribe};
  const Milliseconds wait = kQuickRetryMin + scaled(kQuickRetryMax - kQuickRetryMin, attempt.chance);
  return {.kind = RetryKind::kRetry, .retry_at = attempt.now + wait};
}

}  // namespace

Milliseconds jittered_wait(const Backoff& backoff, int attempts, double chance) {
  const int doublings = std::clamp(attempts - 1, 0, kDoublingsMax);
  const Milliseconds ceiling = std::min(backoff.cap, backoff.base * (std::int64_t{1} << doublings));
  return scaled(ceiling, chance);
}

RetryDecision after_failure(const Error& error, const FailedAttempt& attempt) {
  switch (error.errc()) {
    case Errc::kProviderNotReady: return after_not_ready(attempt);
    case Errc::kProviderAbsent: return {.kind = RetryKind::kAbsent};
    case Errc::kProviderUnauthorized: return {.kind = RetryKind::kFail, .scope = RetryScope::kAccount};
    // We stopped it: another worker continues at once, or this one after a restart.
    case Errc::kCancelled:
    case Errc::kLeaseLost: return {.kind = RetryKind::kRetry, .retry_at = attempt.now, .attempt_counts = false};
    default: break;
  }
  const Row* row = find_row(error.errc());
  if (row == nullptr) return {.kind = RetryKind::kFail};
  if (row->backoff.max_attempts > 0 && attempt.attempts >= row->backoff.max_attempts) return {.kind = RetryKind::kFail};
  return {.kind = RetryKind::kRetry,
          .scope = row->scope,
          .retry_at = attempt.now + wait_for(error, row->backoff, attempt),
          .attempt_counts = row->attempt_counts};
}

RetryDecision after_describe(DescribedAs described, const FailedAttempt& attempt) {
  switch (described) {
    case DescribedAs::kPreparing: return retry_with(kPreparingBackoff, attempt);
    case DescribedAs::kCompleted: return retry_with(kMissingMediaBackoff, attempt);
    case DescribedAs::kAbsent: break;
  }
  return {.kind = RetryKind::kAbsent};
}

}  // namespace tapedeck
