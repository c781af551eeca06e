#pragma once

#include <optional>

#include "base/error.hpp"
#include "base/time.hpp"

// Decides when a failed fetch is tried again and when it is given up. Pure: time and chance are arguments.
//
// Waits are exponential with full jitter: uniform between zero and the ceiling of the step, so that fetches that failed
// together do not return together (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog).

namespace tapedeck {

/// A recording counts as freshly announced for this long. Until then a 404 most likely means "not ready yet".
inline constexpr Milliseconds kFreshFor{5 * 60'000};
/// The wait before another request for a fresh recording that is not ready: uniform between the two, ...
inline constexpr Milliseconds kQuickRetryMin{1'000};
inline constexpr Milliseconds kQuickRetryMax{3'000};
/// ... this many times. After that the provider's metadata decides.
inline constexpr int kQuickRetries = 6;

/// Longest Retry-After that is obeyed.
inline constexpr Milliseconds kRetryAfterMax{60 * 60'000};
/// Most that chance adds to a Retry-After, so that fetches with the same Retry-After do not return at the same instant.
inline constexpr Milliseconds kRetryAfterJitter{2'000};

/// The waits after one kind of failure.
struct Backoff {
  Milliseconds base;  ///< ceiling of the first wait; doubles with each attempt
  Milliseconds cap;   ///< ceiling of every wait
  int max_attempts;   ///< attempts before it is given up; 0: no limit
};

/// The provider is unreachable, slow or broken: retries for about two hours.
inline constexpr Backoff kProviderBackoff{Milliseconds{2'000}, Milliseconds{15 * 60'000}, 24};
/// The account's concurrency is used up. The attempt did nothing, so it is never given up.
inline constexpr Backoff kRateLimitBackoff{Milliseconds{2'000}, Milliseconds{60'000}, 0};
/// Bytes came, but not the recording. Few retries show whether that is permanent.
inline constexpr Backoff kMediaBackoff{Milliseconds{2'000}, Milliseconds{60'000}, 5};
/// Our disk or store fails. That is no fault of the recording, so it is never given up.
inline constexpr Backoff kLocalBackoff{Milliseconds{1'000}, Milliseconds{60'000}, 0};
/// The provider is still preparing the recording. A call can last for hours.
inline constexpr Backoff kPreparingBackoff{Milliseconds{5'000}, Milliseconds{5 * 60'000}, 200};
/// The provider says that the recording is complete, but has no media: it is late, or stored elsewhere.
inline constexpr Backoff kMissingMediaBackoff{Milliseconds{5'000}, Milliseconds{5 * 60'000}, 15};

enum class RetryKind {
  kRetry,     ///< again at `retry_at`
  kFail,      ///< given up, until a person asks for it
  kAbsent,    ///< given up: the provider has no such recording
  kDescribe,  ///< ask the provider for the metadata, then call after_describe()
};

/// What the failure concerns.
enum class RetryScope {
  kRecording,
  kAccount,  ///< every recording of the provider account: they wait until `retry_at`, or, with kFail, for a repair
};

struct RetryDecision {
  RetryKind kind = RetryKind::kFail;
  RetryScope scope = RetryScope::kRecording;
  SystemTime retry_at{};  ///< of kRetry
  /// False: the attempt says nothing about the recording, so it must not count.
  bool attempt_counts = true;
  friend bool operator==(const RetryDecision&, const RetryDecision&) = default;
};

/// The facts of a failed attempt.
struct FailedAttempt {
  int attempts = 1;                        ///< so far, this one included
  std::optional<SystemTime> announced_at;  ///< when the provider's webhook came
  SystemTime now;
  double chance = 0;  ///< uniform in [0, 1)
};

/// What to do after `error`. A 404 is retried quickly while fresh, then the metadata decides. A 429 holds back the
/// whole account. A 401 or 403 fails at once, for the whole account. A 5xx and a network failure are retried patiently.
[[nodiscard]] RetryDecision after_failure(const Error& error, const FailedAttempt& attempt);

/// What the metadata says.
enum class DescribedAs { kPreparing, kCompleted, kAbsent };
/// What to do after kDescribe.
[[nodiscard]] RetryDecision after_describe(DescribedAs described, const FailedAttempt& attempt);

/// Uniform between zero and min(cap, base * 2^(attempts - 1)).
[[nodiscard]] Milliseconds jittered_wait(const Backoff& backoff, int attempts, double chance);

}  // namespace tapedeck
