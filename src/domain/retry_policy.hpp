#pragma once

#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "base/time.hpp"

// When a failed fetch is tried again, and when it is given up. Pure: time and chance are arguments.
//
// Every wait is exponential with full jitter, that is uniform between nothing and the step's ceiling, so that what
// failed together does not come back together (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog).

namespace tapedeck {

/// A recording counts as freshly announced for this long; until then a 404 most likely means "not ready yet"
/// (Twilio support 44750147594523).
inline constexpr Milliseconds kFreshFor{5 * 60'000};
/// A fresh recording that is not ready is asked for again after this long, uniformly between the two, ...
inline constexpr Milliseconds kQuickRetryMin{1'000};
inline constexpr Milliseconds kQuickRetryMax{3'000};
/// ... this many times; then the provider's metadata must tell.
inline constexpr int kQuickRetries = 6;

/// A Retry-After is believed up to this.
inline constexpr Milliseconds kRetryAfterMax{60 * 60'000};
/// Added to a Retry-After at most, so that those who were told the same do not come back in the same instant.
inline constexpr Milliseconds kRetryAfterJitter{2'000};

/// Waits of one kind of failure.
struct Backoff {
  Milliseconds base;  ///< ceiling of the first wait; doubles with each attempt
  Milliseconds cap;   ///< ceiling of every wait
  int max_attempts;   ///< attempts, after which it is given up; 0: never
};

/// The provider is away, slow or broken: patient for about two hours.
inline constexpr Backoff kProviderBackoff{Milliseconds{2'000}, Milliseconds{15 * 60'000}, 24};
/// The account's concurrency is used up: nothing was done, so nothing is given up (Twilio error 20429).
inline constexpr Backoff kRateLimitBackoff{Milliseconds{2'000}, Milliseconds{60'000}, 0};
/// Bytes came, but not the recording: soon known to be hopeless.
inline constexpr Backoff kMediaBackoff{Milliseconds{2'000}, Milliseconds{60'000}, 5};
/// A disk or a store of ours fails: no fault of the recording, so it is never given up.
inline constexpr Backoff kLocalBackoff{Milliseconds{1'000}, Milliseconds{60'000}, 0};
/// The provider says that it is still preparing the recording; a call may go on for hours.
inline constexpr Backoff kPreparingBackoff{Milliseconds{5'000}, Milliseconds{5 * 60'000}, 200};
/// The provider says that the recording is complete, yet has no media: late, or stored elsewhere.
inline constexpr Backoff kMissingMediaBackoff{Milliseconds{5'000}, Milliseconds{5 * 60'000}, 15};

enum class RetryKind {
  kRetry,     ///< again at `retry_at`
  kFail,      ///< for good, until somebody asks for it by hand
  kAbsent,    ///< for good: the provider has no such recording
  kDescribe,  ///< ask the provider for the metadata, then after_describe()
};

/// Whom the failure concerns.
enum class RetryScope {
  kRecording,
  kAccount,  ///< every recording of the provider account: wait until `retry_at`, or, with kFail, until it is repaired
};

struct RetryDecision {
  RetryKind kind = RetryKind::kFail;
  RetryScope scope = RetryScope::kRecording;
  SystemTime retry_at{};  ///< of kRetry
  /// Nothing was learnt of the recording: the attempt should not count (AttemptStore::hand_back()).
  bool attempt_counts = true;
  friend bool operator==(const RetryDecision&, const RetryDecision&) = default;
};

/// What is known when an attempt has failed.
struct FailedAttempt {
  int attempts = 1;                        ///< made so far, this one included
  std::optional<SystemTime> announced_at;  ///< when the provider's webhook came
  SystemTime now;
  double chance = 0;  ///< uniform in [0, 1)
};

/// What to do after `error`. The law is the table of the provider's HTTP codes: 404 quickly again while fresh, then
/// the metadata; 429 the whole account; 401 and 403 at once and for the account; 5xx and the network patiently.
[[nodiscard]] RetryDecision after_failure(const Error& error, const FailedAttempt& attempt);

/// What the metadata said.
enum class DescribedAs { kPreparing, kCompleted, kAbsent };
/// What to do after kDescribe was followed.
[[nodiscard]] RetryDecision after_describe(DescribedAs described, const FailedAttempt& attempt);

/// Uniform between nothing and min(cap, base * 2^(attempts - 1)).
[[nodiscard]] Milliseconds jittered_wait(const Backoff& backoff, int attempts, double chance);

/// The value of a Retry-After header: seconds, or an HTTP date (RFC 9110 §10.2.3); a date in the past is zero. Nothing
/// when it is neither. Not clamped here, except against overflow.
[[nodiscard]] std::optional<Milliseconds> parse_retry_after(std::string_view value, SystemTime now);

}  // namespace tapedeck
