#include <cstdlib>

#include <gtest/gtest.h>

#include "tests/provider/twilio/source_fixture.hpp"

// Whole answers of the provider: the requests, the accepted answers, and the meaning of each status.

namespace tapedeck {
namespace {

using Fetch = SourceTest;

TEST_F(Fetch, a_fetch_names_the_ids_and_authenticates) {
  provider_.answer({respond("200 OK", kMp3Header, "audio")});
  EXPECT_EQ(verdict_of(fetch()), "ok");
  ASSERT_EQ(provider_.requests().size(), 1U);
  const SeenRequest& seen = provider_.requests()[0];
  EXPECT_EQ(seen.target, kMediaPath + ".mp3");
  EXPECT_EQ(seen.header("authorization"), kAuthorization);
  EXPECT_EQ(seen.header("accept-encoding"), "identity");
  EXPECT_EQ(seen.header("range"), "");
}

TEST_F(Fetch, the_sink_gets_type_length_and_bytes) {
  const std::string body(300'000, 'x');
  provider_.answer({respond("200 OK", kMp3Header, body)});
  const FetchOutcome outcome = fetch();
  EXPECT_EQ(verdict_of(outcome), "ok");
  EXPECT_FALSE(outcome.cut_by_us);
  ASSERT_TRUE(sink_.head.has_value());
  EXPECT_EQ(sink_.head->content_type, "audio/mpeg");
  EXPECT_EQ(sink_.head->content_length, body.size());
  EXPECT_EQ(sink_.bytes, body);
}

TEST_F(Fetch, a_chunked_body_is_taken) {
  provider_.answer({send("HTTP/1.1 200 OK\r\n" + kMp3Header + "Transfer-Encoding: chunked\r\n\r\n"),
                    send("5\r\nhello\r\n"), send("6\r\n world\r\n0\r\n\r\n")});
  EXPECT_EQ(verdict_of(fetch()), "ok");
  EXPECT_EQ(sink_.bytes, "hello world");
  EXPECT_EQ(sink_.head->content_length, std::nullopt);
}

TEST_F(Fetch, a_body_that_ends_with_its_connection_is_taken) {
  provider_.answer({send("HTTP/1.1 200 OK\r\n" + kMp3Header + "\r\nhello"), close_connection()});
  const FetchOutcome outcome = fetch();
  EXPECT_EQ(verdict_of(outcome), "ok");
  EXPECT_FALSE(outcome.cut_by_us);
  EXPECT_EQ(sink_.bytes, "hello");
}

TEST_F(Fetch, informational_answers_are_skipped) {
  provider_.answer(
      {send("HTTP/1.1 103 Early Hints\r\nContent-Type: text/html\r\n\r\n"), respond("200 OK", kMp3Header, "audio")});
  EXPECT_EQ(verdict_of(fetch()), "ok");
  EXPECT_EQ(sink_.head->content_type, "audio/mpeg");
}

TEST_F(Fetch, a_connection_is_used_again) {
  provider_.answer({respond("200 OK", kMp3Header, "audio")});
  EXPECT_EQ(verdict_of(fetch()), "ok");
  EXPECT_EQ(verdict_of(fetch()), "ok");
  EXPECT_EQ(provider_.requests().size(), 2U);
  EXPECT_EQ(provider_.connections(), 1U);
}

TEST_F(Fetch, a_proxy_of_the_environment_is_not_used) {
  ASSERT_EQ(::setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
  provider_.answer({respond("200 OK", kMp3Header, "audio")});
  EXPECT_EQ(verdict_of(fetch()), "ok");
  ::unsetenv("http_proxy");
}

TEST_F(Fetch, the_path_of_the_base_url_is_kept) {
  options_.base_url += "/api/laml/";
  provider_.answer({respond("200 OK", kMp3Header, "audio")});
  EXPECT_EQ(verdict_of(fetch()), "ok");
  EXPECT_EQ(provider_.requests().at(0).target, "/api/laml" + kMediaPath + ".mp3");
}

TEST_F(Fetch, a_wav_is_asked_for_with_its_own_channels) {
  provider_.answer({respond("200 OK", "Content-Type: audio/x-wav\r\n", "audio")});
  EXPECT_EQ(verdict_of(fetch(AudioFormat::kWav)), "ok");
  EXPECT_EQ(provider_.requests().at(0).target, kMediaPath + ".wav");
}

TEST_F(Fetch, one_channel_is_taken_where_two_are_refused) {
  provider_.answer({respond("400 Bad Request", "", "no such channels")});
  provider_.answer({respond("200 OK", "Content-Type: audio/x-wav\r\n", "audio")});
  const FetchOutcome outcome = fetch(AudioFormat::kWavDual);
  EXPECT_EQ(verdict_of(outcome), "ok");
  EXPECT_FALSE(outcome.cut_by_us);
  ASSERT_EQ(provider_.requests().size(), 2U);
  EXPECT_EQ(provider_.requests()[0].target, kMediaPath + ".wav?RequestedChannels=2");
  EXPECT_EQ(provider_.requests()[1].target, kMediaPath + ".wav?RequestedChannels=1");
  EXPECT_EQ(sink_.bytes, "audio");
}

TEST_F(Fetch, a_refusal_of_one_channel_is_final) {
  provider_.answer({respond("400 Bad Request", "", "")});
  EXPECT_EQ(verdict_of(fetch(AudioFormat::kWavDual)), "provider_rejected");
  EXPECT_EQ(provider_.requests().size(), 2U);
}

TEST_F(Fetch, a_refusal_of_a_plain_format_is_final) {
  provider_.answer({respond("400 Bad Request", "", "")});
  EXPECT_EQ(verdict_of(fetch()), "provider_rejected");
  EXPECT_EQ(provider_.requests().size(), 1U);
}

struct StatusCase {
  std::string name;
  std::string status;
  std::string headers;
  std::string body;
  std::string verdict;
  std::optional<Milliseconds> retry_after = std::nullopt;
  std::string detail = {};
};

class FetchStatus : public SourceTest, public testing::WithParamInterface<StatusCase> {};

TEST_P(FetchStatus, each_status_means_what_the_table_says) {
  provider_.answer({respond(GetParam().status, GetParam().headers, GetParam().body)});
  const FetchOutcome outcome = fetch();
  EXPECT_EQ(verdict_of(outcome), GetParam().verdict);
  EXPECT_FALSE(outcome.cut_by_us);
  EXPECT_FALSE(sink_.head.has_value());
  ASSERT_FALSE(outcome.result);
  EXPECT_EQ(outcome.result.error().retry_after, GetParam().retry_after);
  if (!GetParam().detail.empty()) {
    EXPECT_EQ(outcome.result.error().detail, GetParam().detail);
  }
}

std::string name_of_case(const testing::TestParamInfo<StatusCase>& tested) { return tested.param.name; }

INSTANTIATE_TEST_SUITE_P(
    Table, FetchStatus,
    testing::Values(
        StatusCase{"unauthorized", "401 Unauthorized", "", "", "provider_unauthorized"},
        StatusCase{"forbidden", "403 Forbidden", "", "", "provider_unauthorized"},
        StatusCase{"not_found", "404 Not Found", "", R"({"code": 20404, "message": "not found"})", "provider_not_ready",
                   std::nullopt, "the provider answered 404, error 20404"},
        StatusCase{"not_found_in_xml", "404 Not Found", "", "<RestException><Code>20404</Code></RestException>",
                   "provider_not_ready", std::nullopt, "the provider answered 404, error 20404"},
        StatusCase{"body_is_never_quoted", "404 Not Found", "", "{\"code\": \"\n\x1b[31m\"}", "provider_not_ready",
                   std::nullopt, "the provider answered 404"},
        StatusCase{"gone", "410 Gone", "", "", "provider_absent"},
        StatusCase{"too_many", "429 Too Many Requests", "Twilio-Concurrent-Requests: 101\r\n", "",
                   "provider_rate_limited", std::nullopt, "the provider answered 429, with 101 requests at once"},
        StatusCase{"too_many_seconds", "429 Too Many Requests", "Retry-After: 7\r\n", "", "provider_rate_limited",
                   Milliseconds{7'000}},
        StatusCase{"too_many_date", "429 Too Many Requests", "retry-after: Mon, 23 Nov 2026 12:01:00 GMT\r\n", "",
                   "provider_rate_limited", Milliseconds{60'000}},
        StatusCase{"too_many_nonsense", "429 Too Many Requests", "Retry-After: soon\r\n", "", "provider_rate_limited"},
        StatusCase{"server_error", "500 Internal Server Error", "", "", "provider_server_error"},
        StatusCase{"unavailable", "503 Service Unavailable", "Retry-After: 3\r\n", "", "provider_server_error",
                   Milliseconds{3'000}},
        StatusCase{"other_4xx", "418 Teapot", "", "", "provider_rejected"},
        StatusCase{"part_not_asked_for", "206 Partial Content", "Content-Range: bytes 0-1/9\r\n", "ab",
                   "provider_server_error"},
        StatusCase{"not_modified", "304 Not Modified", "", "", "provider_redirect_refused"},
        StatusCase{"xml_document", "200 OK", "Content-Type: text/xml; charset=utf-8\r\n", "<a/>", "media_not_audio"},
        StatusCase{"xml_application", "200 OK", "Content-Type: application/xml\r\n", "<a/>", "media_not_audio"},
        StatusCase{"json_document", "200 OK", "Content-Type: Application/JSON\r\n", "{}", "media_not_audio"},
        StatusCase{"problem_document", "200 OK", "Content-Type: application/problem+json\r\n", "{}", "media_not_audio"},
        StatusCase{"html_document", "200 OK", "Content-Type: text/html\r\n", "<html>", "media_not_audio"},
        StatusCase{"gzip", "200 OK", "Content-Type: audio/mpeg\r\nContent-Encoding: gzip\r\n", "\x1f\x8b",
                   "media_not_audio"},
        StatusCase{"brotli", "200 OK", "Content-Type: audio/mpeg\r\nContent-Encoding: br\r\n", "x", "media_not_audio"}),
    name_of_case);

TEST_F(Fetch, audio_of_the_type_octet_stream_is_taken) {
  provider_.answer({respond("200 OK", "Content-Type: binary/octet-stream\r\n", "audio")});
  EXPECT_EQ(verdict_of(fetch()), "ok");
}

TEST_F(Fetch, an_empty_body_is_an_error) {
  provider_.answer({respond("200 OK", kMp3Header, "")});
  const FetchOutcome outcome = fetch();
  EXPECT_EQ(verdict_of(outcome), "media_empty");
  EXPECT_FALSE(outcome.cut_by_us);
}

TEST(TwilioApi, a_malformed_base_url_is_refused) {
  for (const std::string url : {"", "api.twilio.com", "ftp://api.twilio.com", "https://user:pass@api.twilio.com",
                                "https://api.twilio.com/?x=1", "https://api twilio.com"}) {
    TwilioOptions options;
    options.base_url = url;
    EXPECT_FALSE(TwilioApi::parse(options)) << url;
  }
}

using Describe = SourceTest;

struct DescribeCase {
  std::string body;
  std::optional<RemoteStatus> status;
};
class DescribeStatus : public SourceTest, public testing::WithParamInterface<DescribeCase> {};

TEST_P(DescribeStatus, the_status_is_read_from_the_metadata) {
  provider_.answer({respond("200 OK", "Content-Type: application/json\r\n", GetParam().body)});
  const Result<RemoteStatus> status = describe();
  EXPECT_EQ(provider_.requests().at(0).target, kMediaPath + ".json");
  EXPECT_EQ(provider_.requests().at(0).header("authorization"), kAuthorization);
  if (GetParam().status) {
    ASSERT_TRUE(status);
    EXPECT_EQ(*status, *GetParam().status);
  } else {
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().errc(), Errc::kProviderServerError);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, DescribeStatus,
    testing::Values(DescribeCase{R"({"sid":"RE1","status":"completed"})", RemoteStatus::kCompleted},
                    DescribeCase{R"({"status":"processing"})", RemoteStatus::kPreparing},
                    DescribeCase{R"({"status":"in-progress"})", RemoteStatus::kPreparing},
                    DescribeCase{R"({"status":"paused"})", RemoteStatus::kPreparing},
                    DescribeCase{R"({"status":"stopped"})", RemoteStatus::kPreparing},
                    DescribeCase{R"({"status":"absent","error_code":16101})", RemoteStatus::kAbsent},
                    DescribeCase{R"({"status":"deleted"})", RemoteStatus::kAbsent},
                    DescribeCase{R"({"status":"failed"})", RemoteStatus::kAbsent},
                    DescribeCase{R"({"status":"news"})", std::nullopt}, DescribeCase{R"({"status":7})", std::nullopt},
                    DescribeCase{"{}", std::nullopt}, DescribeCase{"[]", std::nullopt}, DescribeCase{"", std::nullopt},
                    DescribeCase{"<xml/>", std::nullopt}, DescribeCase{std::string(50'000, '['), std::nullopt},
                    DescribeCase{R"({"status":"completed","x":")" + std::string(100'000, 'x') + "\"}", std::nullopt}));

TEST_F(Describe, a_404_and_a_410_mean_absent) {
  provider_.answer({respond("404 Not Found", "", "")});
  EXPECT_EQ(describe().value(), RemoteStatus::kAbsent);
  provider_.answer({respond("410 Gone", "", "")});
  EXPECT_EQ(describe().value(), RemoteStatus::kAbsent);
}

TEST_F(Describe, a_request_for_metadata_fails_as_a_fetch_does) {
  provider_.answer({respond("429 Too Many", "Retry-After: 2\r\n", "")});
  const Result<RemoteStatus> status = describe();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().errc(), Errc::kProviderRateLimited);
  EXPECT_EQ(status.error().retry_after, Milliseconds{2'000});
}

using Remove = SourceTest;

TEST_F(Remove, a_deletion_names_the_recording_and_authenticates) {
  provider_.answer({respond("204 No Content", "", "")});
  EXPECT_TRUE(remove());
  ASSERT_EQ(provider_.requests().size(), 1U);
  EXPECT_EQ(provider_.requests().at(0).method, "DELETE");
  EXPECT_EQ(provider_.requests().at(0).target, kMediaPath + ".json");
  EXPECT_EQ(provider_.requests().at(0).header("authorization"), kAuthorization);
}

TEST_F(Remove, an_unknown_recording_counts_as_deleted) {
  for (const char* status : {"404 Not Found", "410 Gone"}) {
    provider_.answer({respond(status, "", "")});
    EXPECT_TRUE(remove()) << status;
  }
}

TEST_F(Remove, a_deletion_fails_as_a_fetch_does_and_follows_no_redirect) {
  provider_.answer({respond("429 Too Many", "Retry-After: 2\r\n", "")});
  const Result<void> limited = remove();
  ASSERT_FALSE(limited);
  EXPECT_EQ(limited.error().errc(), Errc::kProviderRateLimited);
  EXPECT_EQ(limited.error().retry_after, Milliseconds{2'000});
  provider_.forget_answers();
  provider_.answer({respond("307 Elsewhere", "Location: /elsewhere\r\n", "")});
  const Result<void> redirected = remove();
  ASSERT_FALSE(redirected);
  EXPECT_EQ(redirected.error().errc(), Errc::kProviderRedirect);
  EXPECT_EQ(provider_.requests().size(), 2U);
}

}  // namespace
}  // namespace tapedeck
