#include "calls/postgres/connection_string.hpp"

#include <gtest/gtest.h>

namespace tapedeck::postgres {
namespace {

TEST(PostgresConnectionString, the_place_of_the_database_is_shown_without_the_password) {
  const auto parsed = ConnectionString::parse("postgresql://tapedeck:s3cret@db.example:6432/calls?sslmode=require");
  ASSERT_TRUE(parsed) << parsed.error().detail;
  EXPECT_EQ(parsed->shown(), "db.example:6432/calls");
}

TEST(PostgresConnectionString, the_first_of_several_hosts_is_shown) {
  const auto parsed =
      ConnectionString::parse("postgres://u@a.example:1,b.example:2/calls?target_session_attrs=primary");
  ASSERT_TRUE(parsed) << parsed.error().detail;
  EXPECT_EQ(parsed->shown(), "a.example:1/calls");
}

TEST(PostgresConnectionString, the_password_is_masked_as_written_and_as_decoded) {
  const auto in_front = ConnectionString::parse("postgresql://u:p%40ss%2Fword@h/d");
  ASSERT_TRUE(in_front) << in_front.error().detail;
  EXPECT_EQ(in_front->scrub("p%40ss%2Fword or p@ss/word"), "*** or ***");
  const auto behind = ConnectionString::parse("postgresql://u@h/d?password=hidden&sslpassword=also");
  ASSERT_TRUE(behind) << behind.error().detail;
  EXPECT_EQ(behind->scrub("hidden, also"), "***, ***");
}

class PostgresBadUrl : public ::testing::TestWithParam<const char*> {};

TEST_P(PostgresBadUrl, a_bad_url_is_refused_without_a_word_of_the_password) {
  const auto parsed = ConnectionString::parse(GetParam());
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().errc(), Errc::kInvalidArgument);
  EXPECT_NE(parsed.error().detail.find("postgresql://user:password@host:port/database"), std::string::npos);
  EXPECT_EQ(parsed.error().detail.find("s3c"), std::string::npos) << parsed.error().detail;
  EXPECT_EQ(parsed.error().detail.find("ret"), std::string::npos) << parsed.error().detail;
}

INSTANTIATE_TEST_SUITE_P(Urls, PostgresBadUrl,
                         ::testing::Values("", "mysql://u:s3cret@h/d", "u:s3cret@h/d", "host=h password=s3cret",
                                           "postgresql://u:s3c@ret@h/d", "postgresql://u:s3c/ret@h/d",
                                           "postgresql://u:s3c:ret@h/d", "postgresql://u:s3c#ret@h/d",
                                           "postgresql://u:s3c?ret@h/d", "postgresql://u:s3c%zzret@h/d",
                                           "postgresql://u@h/d?password=s3c@ret",
                                           "postgresql://u:s3cret@h/d?sslmod=x"));

TEST(PostgresConnectionString, a_wrong_parameter_is_named) {
  const auto parsed = ConnectionString::parse("postgresql://u:pass@h/d?sslmod=require");
  ASSERT_FALSE(parsed);
  EXPECT_NE(parsed.error().detail.find("sslmod"), std::string::npos) << parsed.error().detail;
}

}  // namespace
}  // namespace tapedeck::postgres
