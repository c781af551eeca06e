#include "redis/url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace tapedeck::redis {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(RedisUrl, forms_are_read_and_printed_without_passwords) {
  struct Case {
    const char* text;
    const char* printed;
  };
  constexpr std::array kCases{
      Case{"redis://localhost", "redis://localhost:6379/0"},
      Case{"redis://:secret@cache.example.com:7000/3", "redis://cache.example.com:7000/3"},
      Case{"redis://user:secret@[::1]:7000", "redis://[::1]:7000/0"},
      Case{"rediss://cache.example.com?tls_ca=/etc/ca.pem", "rediss://cache.example.com:6379/0"},
      Case{"unix:///run/redis/redis.sock", "unix:///run/redis/redis.sock?database=0"},
      Case{"redis+unix://:secret@/run/redis.sock?database=2", "unix:///run/redis.sock?database=2"},
      Case{"redis+sentinel://s1,s2:5000/mymaster/4", "redis+sentinel://s1:26379,s2:5000/mymaster/4"},
      Case{"redis+cluster://user:secret@n1:7001,n2:7002", "redis+cluster://n1:7001,n2:7002"},
      Case{"rediss+cluster://n1", "rediss+cluster://n1:6379"},
  };
  for (const Case& each : kCases) {
    const auto url = parse_url(each.text);
    ASSERT_TRUE(url) << each.text << ": " << url.error().detail;
    EXPECT_EQ(url_text(*url), each.printed);
  }
}

TEST(RedisUrl, logins_and_options_are_percent_decoded) {
  const auto url =
      parse_url("rediss+sentinel://a%40b:p%2Fq%25:r@s1/my%20master?sentinel_user=u&sentinel_password=%26x");
  ASSERT_TRUE(url) << url.error().detail;
  EXPECT_EQ(url->login.user, "a@b");
  EXPECT_EQ(url->login.password, "p/q%:r");
  EXPECT_EQ(url->master_name, "my master");
  EXPECT_EQ(url->sentinel_login.user, "u");
  EXPECT_EQ(url->sentinel_login.password, "&x");
  EXPECT_TRUE(url->tls);
}

TEST(RedisUrl, a_wrong_url_is_refused_with_advice_and_without_the_password) {
  struct Case {
    const char* text;
    const char* told;
  };
  constexpr std::array kCases{
      Case{"", "write redis://"},
      Case{"localhost:6379", "write redis://"},
      Case{"http://:hunter2@localhost", "write redis://"},
      Case{"redis://", "the host is missing"},
      Case{"redis://hunter2@localhost", "user:password"},
      Case{"redis://user:@localhost", "the password is empty"},
      Case{"redis://:hun%ter2@localhost", "percent-encoded"},
      Case{"redis://:hunter2%00@localhost", "percent-encoded"},
      Case{"redis://:hun/ter2@localhost", "write a / in the password as %2F"},
      Case{"redis://:hunter2#@localhost", "a # has no place"},
      Case{"redis://:hunter2@local host", "character that no host name has"},
      Case{"redis://localhost:0", "from 1 to 65535"},
      Case{"redis://localhost:65536", "from 1 to 65535"},
      Case{"redis://localhost:6379x", "from 1 to 65535"},
      Case{"redis://localhost:", "from 1 to 65535"},
      Case{"redis://[::1", "brackets"},
      Case{"redis://localhost/one", "a number from 0"},
      Case{"redis://localhost/-1", "a number from 0"},
      Case{"redis://a,b", "names one host"},
      Case{"redis://localhost?colour=hunter2", "unknown"},
      Case{"redis://localhost?tls_ca=/ca.pem", "go with rediss://"},
      Case{"rediss://localhost?tls_cert=/c.pem", "go together"},
      Case{"unix://run/redis.sock", "absolute"},
      Case{"unix://", "absolute"},
      Case{"redis+sentinel://s1:26379", "master's name"},
      Case{"redis+cluster://n1/1", "only database 0"},
  };
  for (const Case& each : kCases) {
    const auto url = parse_url(each.text);
    ASSERT_FALSE(url) << each.text;
    EXPECT_EQ(url.error().errc(), Errc::kInvalidArgument);
    EXPECT_THAT(url.error().detail, HasSubstr(each.told)) << each.text;
    EXPECT_THAT(url.error().detail, Not(HasSubstr("ter2"))) << each.text;
  }
}

TEST(RedisUrl, hosts_are_bounded) {
  std::string text = "redis+cluster://n";
  for (std::size_t i = 1; i < kEndpointsMax; ++i) text += ",n";
  EXPECT_TRUE(parse_url(text));
  EXPECT_FALSE(parse_url(text + ",n"));
}

}  // namespace
}  // namespace tapedeck::redis
