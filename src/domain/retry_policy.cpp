#include "domain/retry_policy.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace tapedeck {
namespace {

// Longest Retry-After that is told apart from another; a year.
constexpr std::int64_t kRetryAfterSecondsMax = 366LL * 24 * 3600;
// Doubling stops here, before it could overflow; every cap is reached long before.
constexpr int kDoublingsMax = 30;

struct Row {
  Errc code;
  Backoff backoff;
  RetryScope scope = RetryScope::kRecording;
  bool attempt_counts = true;
};

// Errors that are tried again by waiting. What is in neither this table nor a special case fails for good.
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
    Row{Errc::kConflict, kLocalBackoff},  // the blob's name is taken; the next attempt has another
    Row{Errc::kTimedOut, kLocalBackoff},
};

const Row* find_row(Errc code) {
  const auto row = std::ranges::find(kRows, code, &Row::code);
  return row == kRows.end() ? nullptr : &*row;
}

Milliseconds scaled(Milliseconds span, double chance) {
  return Milliseconds{static_cast<Milliseconds::rep>(static_cast<double>(span.count()) * chance)};
}

// What the other side asked for is never cut short by chance, only stretched.
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
    case Errc::kProviderNotReady:
      return after_not_ready(attempt);
    case Errc::kProviderAbsent:
      return {.kind = RetryKind::kAbsent};
    case Errc::kProviderUnauthorized:
      return {.kind = RetryKind::kFail, .scope = RetryScope::kAccount};
    // Stopped by us: somebody else goes on at once, or we do after a restart.
    case Errc::kCancelled:
    case Errc::kLeaseLost:
      return {.kind = RetryKind::kRetry, .retry_at = attempt.now, .attempt_counts = false};
    default:
      break;
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
    case DescribedAs::kPreparing:
      return retry_with(kPreparingBackoff, attempt);
    case DescribedAs::kCompleted:
      return retry_with(kMissingMediaBackoff, attempt);
    case DescribedAs::kAbsent:
      break;
  }
  return {.kind = RetryKind::kAbsent};
}

std::optional<Milliseconds> parse_retry_after(std::string_view value, SystemTime now) {
  const std::size_t first = value.find_first_not_of(" \t");
  if (first == std::string_view::npos) return std::nullopt;
  value = value.substr(first, value.find_last_not_of(" \t") - first + 1);

  if (std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; })) {
    std::int64_t seconds = 0;
    const auto parsed = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (parsed.ec != std::errc{}) seconds = kRetryAfterSecondsMax;
    return Seconds{std::min(seconds, kRetryAfterSecondsMax)};
  }
  const Result<SystemTime> date = parse_rfc2822(value);
  if (!date) return std::nullopt;
  return std::clamp(*date - now, Milliseconds{0}, Milliseconds{Seconds{kRetryAfterSecondsMax}});
}

}  // namespace tapedeck
