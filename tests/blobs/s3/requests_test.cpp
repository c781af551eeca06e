#include "tests/blobs/s3/scripted_store.hpp"

// How each request is signed, what is tried again and how, and which errors reach an operator.

namespace tapedeck {
namespace {

using contract::sample_key;

class S3Requests : public ScriptedStore {
 protected:
  Result<void> remove() { return run(store().remove(sample_key())); }
};

const Step kRemoved = send("HTTP/1.1 204 No Content\r\n\r\n");

TEST_F(S3Requests, are_signed_for_the_region_and_the_time) {
  s3_.answer({kRemoved});
  EXPECT_EQ(verdict_of(remove()), "ok");
  EXPECT_EQ(seen(0).target, "/recordings/calls/" + sample_key());
  EXPECT_EQ(seen(0).header("x-amz-date"), "20261123T120000Z");
  EXPECT_EQ(seen(0).header("x-amz-content-sha256"), kEmptyPayloadHash);
  const std::string authorization = seen(0).header("authorization");
  EXPECT_TRUE(
      authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261123/eu-west-1/s3/aws4_request, "
                                "SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature="))
      << authorization;
}

TEST_F(S3Requests, carry_the_token_of_temporary_credentials) {
  credentials_.session_token = "token";
  s3_.answer({kRemoved});
  EXPECT_EQ(verdict_of(remove()), "ok");
  EXPECT_EQ(seen(0).header("x-amz-security-token"), "token");
}

struct Passing {
  std::string name;
  Step answer;
};

TEST_F(S3Requests, are_repeated_after_a_passing_failure) {
  const Passing passing[] = {
      {"overload", refuse("503 Slow Down", "SlowDown")},
      {"a fault", refuse("500 Internal Server Error", "InternalError")},
      {"a proxy's fault", respond("502 Bad Gateway", "", "<html>no</html>")},
      {"too many", respond("429 Too Many Requests", "", "")},
      {"a slow upload", refuse("400 Bad Request", "RequestTimeout")},
      {"a lost connection", close_connection()},
      {"a reset connection", reset_connection()},
      {"a cut answer", send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")},
  };
  for (const Passing& one : passing) {
    const std::size_t before = s3_.requests().size();
    s3_.answer({one.answer, close_connection()});
    s3_.answer({kRemoved});
    EXPECT_EQ(verdict_of(remove()), "ok") << one.name;
    EXPECT_EQ(s3_.requests().size(), before + 2) << one.name;
    s3_.forget_answers();
  }
}

TEST_F(S3Requests, are_repeated_when_no_answer_comes) {
  options_.limits.answer_timeout = Milliseconds{30};
  s3_.answer({hang()});
  s3_.answer({kRemoved});
  EXPECT_EQ(verdict_of(remove()), "ok");
}

TEST_F(S3Requests, are_given_up_after_a_few_tries_with_growing_bounded_pauses) {
  s3_.answer({refuse("503 Slow Down", "SlowDown")});
  EXPECT_EQ(verdict_of(remove()), "unavailable");
  EXPECT_EQ(s3_.requests().size(), std::size_t{s3::kTriesMax});
  ASSERT_EQ(clock_.waits.size(), std::size_t{s3::kTriesMax - 1});
  for (std::size_t i = 0; i < clock_.waits.size(); ++i) EXPECT_LE(clock_.waits[i], s3::kPauseFirst * (1 << i)) << i;
}

TEST_F(S3Requests, wait_as_long_as_the_store_asks_within_bounds) {
  s3_.answer({refuse("503 Slow Down", "SlowDown", "Retry-After: 3\r\n")});
  s3_.answer({refuse("503 Slow Down", "SlowDown", "Retry-After: 3000\r\n")});
  s3_.answer({kRemoved});
  EXPECT_EQ(verdict_of(remove()), "ok");
  ASSERT_EQ(clock_.waits.size(), 2U);
  EXPECT_EQ(clock_.waits[0], Milliseconds{3'000});
  EXPECT_EQ(clock_.waits[1], s3::kPauseMax);
}

TEST_F(S3Requests, are_not_repeated_if_they_must_fail_again) {
  s3_.answer({refuse("403 Forbidden", "AccessDenied")});
  EXPECT_EQ(verdict_of(remove()), "unavailable");
  EXPECT_EQ(s3_.requests().size(), 1U);
}

TEST_F(S3Requests, follow_the_stores_clock_when_ours_is_off_and_stay_with_it) {
  s3_.answer({refuse("403 Forbidden", "RequestTimeTooSkewed", "Date: Mon, 23 Nov 2026 13:30:00 GMT\r\n")});
  s3_.answer({kRemoved});
  EXPECT_EQ(verdict_of(remove()), "ok");
  EXPECT_EQ(verdict_of(remove()), "ok");
  ASSERT_EQ(s3_.requests().size(), 3U);
  EXPECT_EQ(seen(1).header("x-amz-date"), "20261123T133000Z");
  EXPECT_EQ(seen(2).header("x-amz-date"), "20261123T133000Z");
  EXPECT_TRUE(clock_.waits.empty());
}

TEST_F(S3Requests, set_the_clock_once_only) {
  s3_.answer({refuse("403 Forbidden", "RequestTimeTooSkewed", "Date: Mon, 23 Nov 2026 13:30:00 GMT\r\n")});
  const Result<void> removed = remove();
  ASSERT_FALSE(removed);
  EXPECT_EQ(s3_.requests().size(), 2U);
  EXPECT_TRUE(removed.error().detail.contains("clock")) << removed.error().detail;
}

TEST_F(S3Requests, recognize_a_wrong_clock_in_a_refused_head) {
  s3_.answer({respond_head("403 Forbidden", "Date: Mon, 23 Nov 2026 11:00:00 GMT\r\n", 100)});
  s3_.answer({head_of("bytes")});
  EXPECT_EQ(verdict_of(run(store().open(sample_key()))), "ok");
  EXPECT_EQ(seen(1).header("x-amz-date"), "20261123T110000Z");
}

TEST_F(S3Requests, take_a_head_refused_at_the_right_time_as_a_refusal) {
  s3_.answer({respond_head("403 Forbidden", "Date: Mon, 23 Nov 2026 12:00:05 GMT\r\n", 100)});
  EXPECT_EQ(verdict_of(run(store().open(sample_key()))), "unavailable");
  EXPECT_EQ(s3_.requests().size(), 1U);
}

TEST_F(S3Requests, take_the_region_that_the_store_names) {
  s3_.answer({refuse("400 Bad Request", "AuthorizationHeaderMalformed", "", "<Region>eu-central-1</Region>")});
  s3_.answer({kRemoved});
  EXPECT_EQ(verdict_of(remove()), "ok");
  EXPECT_TRUE(seen(1).header("authorization").contains("/eu-central-1/s3/"));
}

TEST_F(S3Requests, name_the_region_and_endpoint_of_a_bucket_that_is_elsewhere) {
  s3_.answer({refuse("301 Moved Permanently", "PermanentRedirect", "x-amz-bucket-region: us-west-2\r\n",
                     "<Endpoint>recordings.s3.us-west-2.amazonaws.com</Endpoint>")});
  const Result<void> removed = remove();
  ASSERT_FALSE(removed);
  EXPECT_EQ(s3_.requests().size(), 1U);
  EXPECT_TRUE(removed.error().detail.contains("region us-west-2")) << removed.error().detail;
}

TEST_F(S3Requests, follow_a_temporary_redirect_with_their_body) {
  ScriptedServer other(loop_);
  s3_.answer({refuse("307 Temporary Redirect", "TemporaryRedirect", "Location: " + other.url() + "/recordings\r\n")});
  s3_.answer({head_of("bytes")});
  other.answer({respond("200 OK", "ETag: " + kEtag + "\r\n", "")});
  EXPECT_EQ(verdict_of(put("bytes")), "ok");
  ASSERT_EQ(other.requests().size(), 1U);
  EXPECT_EQ(other.requests()[0].target, "/recordings/calls/" + sample_key());
  EXPECT_EQ(other.requests()[0].body, "bytes");
  EXPECT_NE(other.requests()[0].header("authorization"), seen(0).header("authorization"));
}

TEST_F(S3Requests, go_to_no_host_that_is_not_the_stores) {
  for (const std::string target : {"http://localhost:1/x", "https://example.com/x", "nonsense"}) {
    s3_.forget_answers();
    s3_.answer({refuse("307 Temporary Redirect", "TemporaryRedirect", "Location: " + target + "\r\n")});
    const std::size_t before = s3_.requests().size();
    const Result<void> removed = remove();
    ASSERT_FALSE(removed) << target;
    // Refused by us, and not for want of an answer from there.
    EXPECT_TRUE(removed.error().detail.contains("TemporaryRedirect")) << removed.error().detail;
    EXPECT_EQ(s3_.requests().size(), before + 1) << target;
  }
}

TEST_F(S3Requests, do_not_go_in_circles) {
  s3_.answer({refuse("307 Temporary Redirect", "TemporaryRedirect", "Location: " + s3_.url() + "/recordings\r\n")});
  EXPECT_EQ(verdict_of(remove()), "unavailable");
  EXPECT_EQ(s3_.requests().size(), std::size_t{s3::kDetoursMax + 1});
}

TEST_F(S3Requests, are_signed_again_with_new_credentials_when_the_old_have_expired) {
  (void)store();
  credentials_.access_key_id = "AKIDNEWER";
  s3_.answer({refuse("400 Bad Request", "ExpiredToken")});
  s3_.answer({kRemoved});
  EXPECT_EQ(verdict_of(remove()), "ok");
  EXPECT_TRUE(seen(1).header("authorization").contains("Credential=AKIDNEWER/"));
}

TEST_F(S3Requests, are_given_up_when_the_credentials_have_expired_and_no_others_exist) {
  s3_.answer({refuse("400 Bad Request", "ExpiredToken")});
  EXPECT_EQ(verdict_of(remove()), "unavailable");
  EXPECT_EQ(s3_.requests().size(), 1U);
}

struct Told {
  std::string status;
  std::string code;
  std::string part;
};

TEST_F(S3Requests, tell_the_operator_what_to_mend_and_no_secret_when_they_are_refused) {
  const Told told[] = {
      {"404 Not Found", "NoSuchBucket", "no bucket recordings"},
      {"403 Forbidden", "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"},
      {"403 Forbidden", "InvalidAccessKeyId", "AWS_ACCESS_KEY_ID is not known"},
      {"403 Forbidden", "AccessDenied", "credentials may not do this with bucket recordings"},
      {"400 Bad Request", "ExpiredToken", "AWS_SESSION_TOKEN has expired"},
  };
  for (const Told& one : told) {
    s3_.forget_answers();
    s3_.answer({refuse(one.status, one.code)});
    const Result<void> removed = run(store().ping());
    ASSERT_FALSE(removed) << one.code;
    EXPECT_EQ(removed.error().errc(), Errc::kUnavailable) << one.code;
    EXPECT_TRUE(removed.error().detail.contains(one.part)) << removed.error().detail;
    EXPECT_TRUE(removed.error().detail.contains(one.code)) << removed.error().detail;
    EXPECT_FALSE(removed.error().detail.contains("secret")) << removed.error().detail;
  }
}

TEST_F(S3Requests, of_a_ping_write_the_probe_first_and_then_read_it) {
  s3_.answer({respond("200 OK", "", "")});
  EXPECT_EQ(verdict_of(run(store().ping())), "ok");
  EXPECT_EQ(verdict_of(run(store().ping())), "ok");
  clock_.advance(kProbeWriteEvery);
  EXPECT_EQ(verdict_of(run(store().ping())), "ok");
  EXPECT_EQ(methods(), "PUT GET PUT");
  EXPECT_EQ(seen(0).target, "/recordings/calls/.tapedeck-probe");
}

TEST_F(S3Requests, of_a_ping_write_the_probe_again_if_it_is_gone) {
  s3_.answer({respond("200 OK", "", "")});
  s3_.answer({refuse("404 Not Found", "NoSuchKey")});
  s3_.answer({respond("200 OK", "", "")});
  EXPECT_EQ(verdict_of(run(store().ping())), "ok");
  EXPECT_EQ(verdict_of(run(store().ping())), "ok");
  EXPECT_EQ(methods(), "PUT GET PUT");
}

TEST_F(S3Requests, are_not_made_for_a_link) {
  const std::string link = store().link(sample_key(), Seconds{900}).value();
  EXPECT_TRUE(link.starts_with(s3_.url() + "/recordings/calls/" + sample_key() + "?X-Amz-Algorithm=AWS4-HMAC-SHA256&"))
      << link;
  EXPECT_TRUE(link.contains("X-Amz-Expires=900&")) << link;
  EXPECT_FALSE(link.contains("secret")) << link;
  EXPECT_EQ(store().link("../x", Seconds{900}), std::nullopt);
  EXPECT_TRUE(s3_.requests().empty());
}

}  // namespace
}  // namespace tapedeck
