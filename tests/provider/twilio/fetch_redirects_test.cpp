#include <gtest/gtest.h>

#include "tests/provider/twilio/source_fixture.hpp"

// The hosts to which redirects may lead, and what those hosts receive.

namespace tapedeck {
namespace {

class FetchRedirects : public SourceTest {
 protected:
  static Step redirect(const std::string& location, const std::string& status = "302 Found") {
    return respond(status, "Location: " + location + "\r\n", "moved");
  }
  void allow_other() { options_.redirect_endpoints.push_back(other_.url()); }

  ScriptedServer other_{loop_};
};

TEST_F(FetchRedirects, a_redirect_within_the_provider_keeps_the_login) {
  provider_.answer({redirect("/elsewhere/media.mp3?x=1#part")});
  provider_.answer({respond("200 OK", kMp3Header, "audio")});
  EXPECT_EQ(verdict_of(fetch()), "ok");
  ASSERT_EQ(provider_.requests().size(), 2U);
  EXPECT_EQ(provider_.requests()[1].target, "/elsewhere/media.mp3?x=1");
  EXPECT_EQ(provider_.requests()[1].header("authorization"), kAuthorization);
  EXPECT_EQ(sink_.bytes, "audio");
}

class RedirectStatus : public FetchRedirects, public testing::WithParamInterface<std::string> {};
TEST_P(RedirectStatus, a_redirect_with_this_status_is_followed) {
  provider_.answer({redirect("/elsewhere", GetParam())});
  provider_.answer({respond("200 OK", kMp3Header, "audio")});
  EXPECT_EQ(verdict_of(fetch()), "ok");
}
INSTANTIATE_TEST_SUITE_P(Table, RedirectStatus,
                         testing::Values("301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"));

TEST_F(FetchRedirects, a_redirect_to_an_allowed_host_carries_no_login) {
  allow_other();
  provider_.answer({redirect(other_.url() + "/bucket/media.mp3")});
  other_.answer({respond("200 OK", kMp3Header, "audio")});
  const FetchOutcome outcome = fetch();
  EXPECT_EQ(verdict_of(outcome), "ok");
  EXPECT_FALSE(outcome.cut_by_us);
  ASSERT_EQ(other_.requests().size(), 1U);
  EXPECT_EQ(other_.requests()[0].header("authorization"), "");
  EXPECT_EQ(other_.requests()[0].target, "/bucket/media.mp3");
}

TEST_F(FetchRedirects, a_redirect_away_and_back_carries_no_login) {
  allow_other();
  provider_.answer({redirect(other_.url() + "/there")});
  provider_.answer({respond("200 OK", kMp3Header, "audio")});
  other_.answer({redirect(provider_.url() + "/back")});
  EXPECT_EQ(verdict_of(fetch()), "ok");
  ASSERT_EQ(provider_.requests().size(), 2U);
  EXPECT_EQ(provider_.requests()[1].header("authorization"), "");
}

TEST_F(FetchRedirects, a_redirect_to_a_forbidden_host_makes_no_connection) {
  provider_.answer({redirect(other_.url() + "/media.mp3")});
  const FetchOutcome outcome = fetch();
  EXPECT_EQ(verdict_of(outcome), "provider_redirect_refused");
  EXPECT_EQ(other_.connections(), 0U);
}

TEST_F(FetchRedirects, a_redirect_to_a_name_with_a_private_address_is_refused_before_connecting) {
  options_.redirect_hosts.push_back("localhost");
  provider_.answer({redirect("https://localhost/media.mp3")});
  const FetchOutcome outcome = fetch();
  ASSERT_EQ(verdict_of(outcome), "provider_redirect_refused");
  EXPECT_NE(outcome.result.error().detail.find("which is not a public address"), std::string::npos)
      << outcome.result.error().detail;
}

TEST_F(FetchRedirects, a_circle_of_redirects_ends_after_five) {
  provider_.answer({redirect("/round")});
  EXPECT_EQ(verdict_of(fetch()), "provider_redirect_refused");
  EXPECT_EQ(provider_.requests().size(), 6U);
}

TEST_F(FetchRedirects, a_redirect_without_a_location_is_refused) {
  provider_.answer({respond("302 Found", "", "")});
  EXPECT_EQ(verdict_of(fetch()), "provider_redirect_refused");
}

TEST_F(FetchRedirects, a_redirect_with_an_endless_body_is_cut_and_reported) {
  provider_.answer({send("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n"), endless(std::string(10'000, 'x'))});
  provider_.answer({respond("200 OK", kMp3Header, "audio")});
  const FetchOutcome outcome = fetch();
  EXPECT_EQ(verdict_of(outcome), "ok");
  EXPECT_TRUE(outcome.cut_by_us);
  EXPECT_TRUE(provider_.client_has_closed(0));
}

TEST_F(FetchRedirects, a_refusal_by_another_host_does_not_concern_the_account) {
  allow_other();
  provider_.answer({redirect(other_.url() + "/expired")});
  other_.answer({respond("403 Forbidden", "", "")});
  EXPECT_EQ(verdict_of(fetch()), "provider_server_error");
}

TEST_F(FetchRedirects, redirects_of_the_metadata_follow_the_same_rules) {
  provider_.answer({redirect("http://169.254.169.254/latest/meta-data/")});
  const Result<RemoteStatus> status = describe();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().errc(), Errc::kProviderRedirect);
}

class RefusedLocation : public FetchRedirects, public testing::WithParamInterface<std::string> {};

TEST_P(RefusedLocation, this_location_is_not_followed) {
  provider_.answer({redirect(GetParam())});
  EXPECT_EQ(verdict_of(fetch()), "provider_redirect_refused") << GetParam();
  EXPECT_EQ(provider_.requests().size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(
    Table, RefusedLocation,
    testing::Values("file:///etc/passwd", "gopher://127.0.0.1:6379/_FLUSHALL", "dict://127.0.0.1:11211/stat",
                    "ftp://127.0.0.1/x", "javascript:alert(1)", "http://169.254.169.254/", "https://127.0.0.1/",
                    "https://10.0.0.1/", "http://2130706433/", "https://0x7f.1/", "https://[::1]/",
                    "https://[::ffff:127.0.0.1]/", "https://user:pass@api.twilio.com/",
                    "https://api.twilio.com@127.0.0.1/", "https://api.twilio.com.evil.test/", "https://eviltwilio.com/",
                    "https://api.twilio.com:22/", "http://api.twilio.com/", "\\\\127.0.0.1\\x",
                    "https:\\\\api.twilio.com", "//127.0.0.1:22/x", "https://api.twilio.com./", "https://", "http:///x",
                    "https://api.twilio.com/a b", "https://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1/",
                    "https://[fe80::1%25eth0]/"));

}  // namespace
}  // namespace tapedeck
