#include <string>

#include <gtest/gtest.h>

#include "provider/twilio/listing_answer.hpp"
#include "provider/twilio/recording_listing.hpp"
#include "tests/provider/twilio/source_fixture.hpp"

// Listings of the provider: the requests, the accepted answers and the refused ones.

namespace tapedeck {
namespace {

const std::string kListPath = "/2010-04-01/Accounts/" + kAccountText + "/Recordings.json";
const std::string kCallText = "CA00000000000000000000000000000004";
const std::string kJson = "Content-Type: application/json\r\n";

std::string entry(const std::string& more = "", const std::string& created = "Mon, 23 Nov 2026 11:00:00 +0000") {
  return R"({"sid": ")" + kRecordingText + R"(", "call_sid": ")" + kCallText + R"(", "account_sid": ")" + kAccountText +
         R"(", "date_created": ")" + created + R"(")" + (more.empty() ? "" : ", " + more) + "}";
}

std::string page(const std::string& entries, const std::string& next = "null") {
  return R"({"page": 0, "next_page_uri": )" + next + R"(, "recordings": [)" + entries + "]}";
}

class Listing : public SourceTest {
 protected:
  ListingRequest request_of() {
    ListingRequest wanted;
    wanted.login = {*AccountSid::parse(kAccountText), *AccountSid::parse(kParentText), "secret"};
    return wanted;
  }
  RecordingListing& listing() {
    if (!listing_) listing_ = std::make_unique<TwilioRecordingListing>(client_, clock_, *TwilioApi::parse(options_));
    return *listing_;
  }
  Result<ListingPage> list(ListingRequest wanted) { return run(listing().list(std::move(wanted), stop_.get_token())); }
  Result<ListingPage> list() { return list(request_of()); }
  Result<std::optional<CallUpdate>> describe_call() {
    return run(listing().describe_call(request_of().login, *CallSid::parse(kCallText), stop_.get_token()));
  }
  void answer(const std::string& status, const std::string& body, const std::string& headers = kJson) {
    provider_.forget_answers();
    provider_.answer({respond(status, headers, body)});
  }
  std::string error_of(const Result<ListingPage>& page) {
    return page ? "ok" : std::string(errc_name(page.error().errc()));
  }

  std::unique_ptr<TwilioRecordingListing> listing_;
};

TEST_F(Listing, the_first_page_is_asked_for_with_the_login_of_the_request) {
  answer("200 OK", page(""));
  ASSERT_TRUE(list());
  const SeenRequest& seen = provider_.requests().at(0);
  EXPECT_EQ(seen.method, "GET");
  EXPECT_EQ(seen.target, kListPath + "?PageSize=1000");
  EXPECT_EQ(seen.header("authorization"), kAuthorization);
}

TEST_F(Listing, the_filters_are_days_with_one_day_more_at_each_end) {
  answer("200 OK", page(""));
  ListingRequest wanted = request_of();
  wanted.since = *parse_rfc3339("2026-03-01T08:30:00Z");
  wanted.until = *parse_rfc3339("2026-03-31T00:00:00Z");
  wanted.page_size = 50;
  ASSERT_TRUE(list(wanted));
  EXPECT_EQ(provider_.requests().at(0).target,
            kListPath + "?PageSize=50&DateCreated%3E=2026-02-28&DateCreated%3C=2026-04-01");
}

TEST_F(Listing, recordings_outside_of_the_time_are_left_out) {
  answer("200 OK", page(entry("", "Mon, 23 Nov 2026 10:59:59 +0000") + "," + entry() + "," +
                        entry("", "Mon, 23 Nov 2026 12:00:00 +0000")));
  ListingRequest wanted = request_of();
  wanted.since = *parse_rfc3339("2026-11-23T11:00:00Z");
  wanted.until = *parse_rfc3339("2026-11-23T12:00:00Z");
  const auto listed = list(wanted);
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->recordings.size(), 1U);
  EXPECT_EQ(listed->recordings[0].created_at, *wanted.since);
}

TEST_F(Listing, the_next_page_is_the_path_that_the_provider_gave) {
  const std::string next = kListPath + "?PageSize=1000&Page=1&PageToken=PARE3";
  answer("200 OK", page(entry(), "\"" + next + "\""));
  ListingRequest wanted = request_of();
  wanted.page = list(wanted)->next;
  EXPECT_EQ(wanted.page, next);
  answer("200 OK", page(""));
  EXPECT_EQ(list(wanted)->next, "");
  EXPECT_EQ(provider_.requests().at(1).target, next);
}

// The request carries the login.
TEST_F(Listing, a_next_page_on_another_host_or_path_is_refused) {
  for (const std::string& next :
       {"https://evil.example.com" + kListPath + "?Page=1", "//evil.example.com" + kListPath + "?Page=1",
        std::string("/2010-04-01/Accounts/AC00000000000000000000000000000009/Recordings.json?Page=1"),
        std::string("/elsewhere"), "@evil.example.com" + kListPath + "?Page=1", kListPath + "?Page=1 HTTP/1.1"}) {
    answer("200 OK", page(entry(), "\"" + next + "\""));
    EXPECT_EQ(error_of(list()), "provider_rejected") << next;
    ListingRequest wanted = request_of();
    wanted.page = next;
    EXPECT_EQ(error_of(list(wanted)), "invalid_argument") << next;
  }
  provider_.forget_answers();
  answer("302 Found", "", "Location: " + provider_.url() + "/other\r\n");
  EXPECT_EQ(error_of(list()), "provider_redirect_refused");
}

TEST_F(Listing, each_refusal_has_its_error) {
  const std::vector<std::pair<std::string, std::string>> rows{{"400 Bad Request", "provider_rejected"},
                                                              {"401 Unauthorized", "provider_unauthorized"},
                                                              {"403 Forbidden", "provider_unauthorized"},
                                                              {"404 Not Found", "provider_rejected"},
                                                              {"429 Too Many", "provider_rate_limited"},
                                                              {"500 Internal", "provider_server_error"},
                                                              {"503 Service Unavailable", "provider_server_error"}};
  for (const auto& [status, name] : rows) {
    answer(status, R"({"code": 20404})");
    EXPECT_EQ(error_of(list()), name) << status;
  }
  answer("429 Too Many", "", "Retry-After: 7\r\n");
  EXPECT_EQ(list().error().retry_after, Milliseconds{7'000});
}

TEST_F(Listing, an_answer_that_is_not_a_list_is_refused_with_a_hint) {
  for (const char* body : {"", "<html>", "[]", "{}", R"({"recordings": []})", R"({"next_page_uri": null})",
                           R"({"recordings": {}, "next_page_uri": null})", R"({"recordings": [)"}) {
    answer("200 OK", body);
    const auto listed = list();
    EXPECT_EQ(error_of(listed), "provider_rejected") << body;
    if (listed) continue;
    EXPECT_NE(listed.error().detail.find("TWILIO_BASE_URL"), std::string::npos) << listed.error().detail;
  }
}

TEST_F(Listing, a_truncated_page_is_refused) {
  provider_.answer(
      {send("HTTP/1.1 200 OK\r\n" + kJson + "Content-Length: 500\r\n\r\n{\"recordings\": ["), close_connection()});
  EXPECT_EQ(error_of(list()), "media_truncated");
}

TEST_F(Listing, an_endless_page_is_refused) {
  provider_.answer(
      {send("HTTP/1.1 200 OK\r\n" + kJson + "Connection: close\r\n\r\n"), endless(std::string(65'536, ' '))});
  EXPECT_EQ(error_of(list()), "media_too_large");
}

TEST_F(Listing, a_stop_ends_the_listing) {
  provider_.answer({hang()});
  stop_.request_stop();
  EXPECT_EQ(error_of(list()), "cancelled");
}

TEST_F(Listing, a_call_is_asked_for_by_its_id) {
  answer("200 OK", R"({"sid": ")" + kCallText + R"(", "from": "+14155550100", "to": "sip:desk@example.com",
      "direction": "outbound-api", "start_time": "Mon, 23 Nov 2026 11:00:00 +0000", "duration": "61"})");
  const auto told = describe_call();
  ASSERT_TRUE(told && *told);
  EXPECT_EQ(provider_.requests().at(0).target,
            "/2010-04-01/Accounts/" + kAccountText + "/Calls/" + kCallText + ".json");
  EXPECT_EQ((*told)->from, "+14155550100");
  EXPECT_EQ((*told)->to, "sip:desk@example.com");
  EXPECT_EQ((*told)->direction, CallDirection::kOutbound);
  EXPECT_EQ((*told)->started_at, *parse_rfc3339("2026-11-23T11:00:00Z"));
  EXPECT_EQ((*told)->duration_seconds, 61);
}

TEST_F(Listing, a_404_means_no_such_call_and_another_call_is_an_error) {
  answer("404 Not Found", R"({"code": 20404})");
  EXPECT_EQ(describe_call().value(), std::nullopt);
  answer("200 OK", R"({"sid": "CA00000000000000000000000000000009"})");
  EXPECT_EQ(describe_call().error().errc(), Errc::kProviderRejected);
}

ListedRecording read(const std::string& more) { return parse_listing(page(entry(more)))->recordings.at(0); }

TEST(ListingAnswer, an_entry_reads_like_its_webhook) {
  const ListedRecording listed = read(
      R"("status": "completed", "duration": "42", "channels": 2, "start_time": "Mon, 23 Nov 2026 10:59:58 +0000",
         "error_code": null, "source": "DialVerb")");
  EXPECT_EQ(listed.told.recording.str(), kRecordingText);
  EXPECT_EQ(listed.told.call.str(), kCallText);
  EXPECT_EQ(listed.told.account.str(), kAccountText);
  EXPECT_EQ(listed.told.status, AnnouncedStatus::kCompleted);
  EXPECT_EQ(listed.told.duration_seconds, 42);
  EXPECT_EQ(listed.told.channels, 2);
  EXPECT_EQ(listed.told.started_at, *parse_rfc3339("2026-11-23T10:59:58Z"));
  EXPECT_EQ(listed.created_at, *parse_rfc3339("2026-11-23T11:00:00Z"));
  EXPECT_TRUE(listed.told.is_listed);
  EXPECT_EQ(listed.told.absence, kNoAudio);
}

TEST(ListingAnswer, every_status_is_read) {
  const std::vector<std::pair<std::string, AnnouncedStatus>> rows{{"completed", AnnouncedStatus::kCompleted},
                                                                  {"in-progress", AnnouncedStatus::kInProgress},
                                                                  {"processing", AnnouncedStatus::kInProgress},
                                                                  {"paused", AnnouncedStatus::kInProgress},
                                                                  {"stopped", AnnouncedStatus::kInProgress},
                                                                  {"absent", AnnouncedStatus::kAbsent},
                                                                  {"deleted", AnnouncedStatus::kAbsent},
                                                                  {"failed", AnnouncedStatus::kFailed},
                                                                  {"of a later year", AnnouncedStatus::kInProgress}};
  for (const auto& [name, status] : rows) {
    EXPECT_EQ(read(R"("status": ")" + name + '"').told.status, status) << name;
  }
}

TEST(ListingAnswer, an_odd_number_reads_as_unknown) {
  EXPECT_EQ(read(R"("duration": "-1")").told.duration_seconds, std::nullopt);
  EXPECT_EQ(read(R"("duration": null)").told.duration_seconds, std::nullopt);
  EXPECT_EQ(read(R"("duration": 7)").told.duration_seconds, 7);
  EXPECT_EQ(read(R"("duration": "7.5")").told.duration_seconds, std::nullopt);
  EXPECT_EQ(read(R"("channels": "1")").told.channels, 1);
  EXPECT_EQ(read(R"("channels": 90)").told.channels, 0);
  EXPECT_EQ(read(R"("error_code": 16101)").told.absence, "the provider has no audio: too short (error 16101)");
  EXPECT_EQ(read(R"("error_code": 0)").told.absence, kNoAudio);
  EXPECT_EQ(read(R"("start_time": "yesterday")").told.started_at, *parse_rfc3339("2026-11-23T11:00:00Z"));
}

TEST(ListingAnswer, an_entry_without_recording_call_or_time_counts_as_unreadable) {
  const auto listed = parse_listing(page(entry() + R"(, 7, null, {}, {"sid": "RE1"}, {"sid": ")" + kRecordingText +
                                         R"(", "call_sid": null, "account_sid": ")" + kAccountText + R"("})"));
  ASSERT_TRUE(listed);
  EXPECT_EQ(listed->recordings.size(), 1U);
  EXPECT_EQ(listed->unreadable, 5);
}

}  // namespace
}  // namespace tapedeck
