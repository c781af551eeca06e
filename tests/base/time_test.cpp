#include "base/time.hpp"

#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace tapedeck {
namespace {

using namespace std::chrono_literals;

constexpr std::nullopt_t kNone = std::nullopt;

struct RetryAfterCase {
  std::string value;
  std::optional<Milliseconds> expected;
};

class ParseRetryAfter : public testing::TestWithParam<RetryAfterCase> {};

TEST_P(ParseRetryAfter, seconds_and_dates_are_read) {
  const SystemTime now = *parse_rfc3339("2026-11-23T12:00:00Z");
  EXPECT_EQ(parse_retry_after(GetParam().value, now), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Table, ParseRetryAfter,
                         testing::Values(RetryAfterCase{"0", 0s}, RetryAfterCase{"120", 120s},
                                         RetryAfterCase{" 7\t", 7s},
                                         RetryAfterCase{"Mon, 23 Nov 2026 12:00:30 GMT", 30s},
                                         RetryAfterCase{"Mon, 23 Nov 2026 11:59:00 GMT", 0s},
                                         RetryAfterCase{"99999999999999999999", 8784h}, RetryAfterCase{"", kNone},
                                         RetryAfterCase{"   ", kNone}, RetryAfterCase{"-1", kNone},
                                         RetryAfterCase{"1.5", kNone}, RetryAfterCase{"soon", kNone},
                                         RetryAfterCase{"1e3", kNone}, RetryAfterCase{"Mon, 23 Nov", kNone}));

}  // namespace
}  // namespace tapedeck
