#include "domain/retry_policy.hpp"

#include <string>

#include <gtest/gtest.h>

namespace tapedeck {
namespace {

using namespace std::chrono_literals;

constexpr SystemTime kNow{Milliseconds{1'800'000'000'000}};

struct Case {
  std::string name;
  Errc error;
  int attempts;
  std::optional<Milliseconds> announced_ago;
  std::optional<Milliseconds> retry_after;
  double chance;
  RetryKind kind;
  Milliseconds wait;  // of kRetry
};

std::string name_of_case(const testing::TestParamInfo<Case>& tested) { return tested.param.name; }

class AfterFailure : public testing::TestWithParam<Case> {};

TEST_P(AfterFailure, each_failure_is_decided_as_the_table_says) {
  const Case& c = GetParam();
  Error error(c.error, "");
  error.retry_after = c.retry_after;
  FailedAttempt attempt{.attempts = c.attempts, .announced_at = std::nullopt, .now = kNow, .chance = c.chance};
  if (c.announced_ago) attempt.announced_at = kNow - *c.announced_ago;
  const RetryDecision decision = after_failure(error, attempt);
  ASSERT_EQ(decision.kind, c.kind);
  if (c.kind == RetryKind::kRetry) {
    EXPECT_EQ(decision.retry_at - kNow, c.wait);
  }
}

constexpr double kMost = 0.9999999999;
constexpr auto kRetry = RetryKind::kRetry;
constexpr auto kFailed = RetryKind::kFail;
constexpr auto kNone = std::nullopt;

INSTANTIATE_TEST_SUITE_P(
    NotReady, AfterFailure,
    testing::Values(Case{"fresh_soonest", Errc::kProviderNotReady, 1, 1s, kNone, 0, kRetry, 1s},
                    Case{"fresh_middle", Errc::kProviderNotReady, 1, 1s, kNone, 0.5, kRetry, 2s},
                    Case{"fresh_last_quick_one", Errc::kProviderNotReady, 6, 10s, kNone, 0, kRetry, 1s},
                    Case{"quick_ones_used_up", Errc::kProviderNotReady, 7, 10s, kNone, 0, RetryKind::kDescribe, 0s},
                    Case{"no_longer_fresh", Errc::kProviderNotReady, 1, 5min, kNone, 0, RetryKind::kDescribe, 0s},
                    Case{"just_fresh", Errc::kProviderNotReady, 1, 299'999ms, kNone, 0, kRetry, 1s},
                    Case{"never_announced", Errc::kProviderNotReady, 1, kNone, kNone, 0, RetryKind::kDescribe, 0s},
                    // A webhook from the future, by another clock, is fresh too.
                    Case{"announced_in_the_future", Errc::kProviderNotReady, 1, -3s, kNone, 0, kRetry, 1s}),
    name_of_case);

INSTANTIATE_TEST_SUITE_P(
    Provider, AfterFailure,
    testing::Values(Case{"server_error_first", Errc::kProviderServerError, 1, kNone, kNone, kMost, kRetry, 1'999ms},
                    Case{"server_error_third", Errc::kProviderServerError, 3, kNone, kNone, 0.5, kRetry, 4s},
                    Case{"jitter_reaches_down_to_nothing", Errc::kProviderServerError, 3, kNone, kNone, 0, kRetry, 0s},
                    Case{"wait_is_capped", Errc::kProviderServerError, 20, kNone, kNone, 0.5, kRetry, 450s},
                    Case{"given_up", Errc::kProviderServerError, 24, kNone, kNone, 0, kFailed, 0s},
                    Case{"last_but_one", Errc::kProviderServerError, 23, kNone, kNone, 0, kRetry, 0s},
                    Case{"unreachable", Errc::kProviderUnreachable, 1, kNone, kNone, 0.5, kRetry, 1s},
                    Case{"timed_out", Errc::kProviderTimedOut, 2, kNone, kNone, 0.5, kRetry, 2s},
                    Case{"retry_after_of_a_503", Errc::kProviderServerError, 1, kNone, 30s, 0, kRetry, 30s},
                    Case{"unauthorized", Errc::kProviderUnauthorized, 1, 1s, kNone, 0, kFailed, 0s},
                    Case{"rejected", Errc::kProviderRejected, 1, 1s, kNone, 0, kFailed, 0s},
                    Case{"redirect_refused", Errc::kProviderRedirect, 1, 1s, kNone, 0, kFailed, 0s},
                    Case{"absent", Errc::kProviderAbsent, 1, 1s, kNone, 0, RetryKind::kAbsent, 0s}),
    name_of_case);

INSTANTIATE_TEST_SUITE_P(
    RateLimited, AfterFailure,
    testing::Values(Case{"without_retry_after", Errc::kProviderRateLimited, 1, kNone, kNone, 0.5, kRetry, 1s},
                    Case{"never_given_up", Errc::kProviderRateLimited, 10'000, kNone, kNone, 0.5, kRetry, 30s},
                    Case{"retry_after_is_the_least_wait", Errc::kProviderRateLimited, 1, kNone, 7s, 0, kRetry, 7s},
                    Case{"retry_after_is_stretched_by_jitter", Errc::kProviderRateLimited, 1, kNone, 7s, 0.5, kRetry,
                         8s},
                    Case{"retry_after_of_a_day_is_clamped", Errc::kProviderRateLimited, 1, kNone, 24h, 0, kRetry, 1h},
                    Case{"retry_after_zero", Errc::kProviderRateLimited, 1, kNone, 0s, 0.25, kRetry, 500ms},
                    Case{"negative_retry_after", Errc::kProviderRateLimited, 1, kNone, -5s, 0, kRetry, 0s}),
    name_of_case);

INSTANTIATE_TEST_SUITE_P(
    MediaAndOurs, AfterFailure,
    testing::Values(Case{"truncated", Errc::kMediaTruncated, 4, kNone, kNone, 0.5, kRetry, 8s},
                    Case{"truncated_given_up", Errc::kMediaTruncated, 5, kNone, kNone, 0, kFailed, 0s},
                    Case{"not_audio_given_up", Errc::kMediaNotAudio, 5, kNone, kNone, 0, kFailed, 0s},
                    Case{"empty", Errc::kMediaEmpty, 1, kNone, kNone, 0.5, kRetry, 1s},
                    Case{"too_large", Errc::kMediaTooLarge, 1, kNone, kNone, 0, kFailed, 0s},
                    Case{"disk_full_never_given_up", Errc::kNoSpace, 10'000, kNone, kNone, 0.5, kRetry, 30s},
                    Case{"read_only", Errc::kReadOnly, 1, kNone, kNone, 0.5, kRetry, 500ms},
                    Case{"io_error", Errc::kIo, 2, kNone, kNone, 0.5, kRetry, 1s},
                    Case{"store_away", Errc::kUnavailable, 1, kNone, kNone, 0, kRetry, 0s},
                    Case{"name_taken", Errc::kConflict, 1, kNone, kNone, 0.5, kRetry, 500ms},
                    Case{"cancelled", Errc::kCancelled, 9, kNone, kNone, 0.9, kRetry, 0s},
                    Case{"lease_lost", Errc::kLeaseLost, 9, kNone, kNone, 0.9, kRetry, 0s},
                    Case{"broken_invariant", Errc::kInternal, 1, kNone, kNone, 0, kFailed, 0s}),
    name_of_case);

TEST(AfterFailureScope, only_rate_limits_and_credentials_concern_the_account) {
  const FailedAttempt attempt{.attempts = 1, .announced_at = std::nullopt, .now = kNow, .chance = 0};
  EXPECT_EQ(after_failure(Error(Errc::kProviderRateLimited, ""), attempt).scope, RetryScope::kAccount);
  EXPECT_EQ(after_failure(Error(Errc::kProviderUnauthorized, ""), attempt).scope, RetryScope::kAccount);
  EXPECT_EQ(after_failure(Error(Errc::kProviderServerError, ""), attempt).scope, RetryScope::kRecording);
  EXPECT_EQ(after_failure(Error(Errc::kProviderNotReady, ""), attempt).scope, RetryScope::kRecording);
}

TEST(AfterFailure, an_attempt_that_says_nothing_about_the_recording_does_not_count) {
  const FailedAttempt attempt{.attempts = 1, .announced_at = std::nullopt, .now = kNow, .chance = 0};
  EXPECT_FALSE(after_failure(Error(Errc::kProviderRateLimited, ""), attempt).attempt_counts);
  EXPECT_FALSE(after_failure(Error(Errc::kCancelled, ""), attempt).attempt_counts);
  EXPECT_TRUE(after_failure(Error(Errc::kProviderServerError, ""), attempt).attempt_counts);
}

TEST(AfterDescribe, a_recording_in_preparation_is_retried_and_finally_given_up) {
  FailedAttempt attempt{.attempts = 1, .announced_at = std::nullopt, .now = kNow, .chance = 0.5};
  EXPECT_EQ(after_describe(DescribedAs::kPreparing, attempt).retry_at - kNow, 2'500ms);
  attempt.attempts = 199;
  EXPECT_EQ(after_describe(DescribedAs::kPreparing, attempt).retry_at - kNow, 150s);
  attempt.attempts = 200;
  EXPECT_EQ(after_describe(DescribedAs::kPreparing, attempt).kind, RetryKind::kFail);
}

TEST(AfterDescribe, a_complete_recording_without_media_is_retried_for_a_while) {
  FailedAttempt attempt{.attempts = 14, .announced_at = std::nullopt, .now = kNow, .chance = 0.5};
  EXPECT_EQ(after_describe(DescribedAs::kCompleted, attempt).kind, RetryKind::kRetry);
  attempt.attempts = 15;
  EXPECT_EQ(after_describe(DescribedAs::kCompleted, attempt).kind, RetryKind::kFail);
}

TEST(AfterDescribe, an_absent_recording_is_not_retried) {
  const FailedAttempt attempt{.attempts = 1, .announced_at = std::nullopt, .now = kNow, .chance = 0.5};
  EXPECT_EQ(after_describe(DescribedAs::kAbsent, attempt).kind, RetryKind::kAbsent);
}

TEST(JitteredWait, the_wait_stays_within_its_bounds_after_any_number_of_attempts) {
  for (int attempts = -1; attempts < 200; ++attempts) {
    EXPECT_EQ(jittered_wait(kProviderBackoff, attempts, 0), 0ms);
    EXPECT_LE(jittered_wait(kProviderBackoff, attempts, kMost), kProviderBackoff.cap);
  }
}

}  // namespace
}  // namespace tapedeck
