#include "blobs/s3/location.hpp"

#include <gtest/gtest.h>

namespace tapedeck::s3 {
namespace {

struct Row {
  std::string url;
  std::string default_region;
  std::string where;  // region, scheme, host and path of the key "k"
};

std::string where(const Row& row) {
  const Result<Location> location = parse_location(row.url, row.default_region);
  if (!location) return std::string(errc_name(location.error().errc()));
  const Address address = address_of_key(*location, "k");
  return location->region + " " + address.scheme + "://" + address.host + address.path;
}

const Row kRows[] = {
    {"s3://calls", "", "us-east-1 https://calls.s3.us-east-1.amazonaws.com/k"},
    {"s3://calls/", "", "us-east-1 https://calls.s3.us-east-1.amazonaws.com/k"},
    {"s3://calls/a/b", "eu-west-1", "eu-west-1 https://calls.s3.eu-west-1.amazonaws.com/a/b/k"},
    {"s3://calls/a/b/?region=eu-west-2", "eu-west-1", "eu-west-2 https://calls.s3.eu-west-2.amazonaws.com/a/b/k"},
    {"s3://calls?region=cn-north-1", "", "cn-north-1 https://calls.s3.cn-north-1.amazonaws.com.cn/k"},
    {"s3://calls?style=path", "", "us-east-1 https://s3.us-east-1.amazonaws.com/calls/k"},
    {"s3://calls.example", "", "us-east-1 https://s3.us-east-1.amazonaws.com/calls.example/k"},
    {"s3://calls?endpoint=https://0123.r2.cloudflarestorage.com", "",
     "auto https://0123.r2.cloudflarestorage.com/calls/k"},
    {"s3://calls?endpoint=0123.r2.cloudflarestorage.com&region=auto", "eu-west-1",
     "auto https://0123.r2.cloudflarestorage.com/calls/k"},
    {"s3://calls?endpoint=http%3A%2F%2F127.0.0.1%3A9000", "", "us-east-1 http://127.0.0.1:9000/calls/k"},
    {"s3://calls?endpoint=http://[::1]:9000/", "", "us-east-1 http://[::1]:9000/calls/k"},
    {"s3://calls/p?endpoint=https://s3.example.com&style=virtual", "", "us-east-1 https://calls.s3.example.com/p/k"},
    {"s3://calls?endpoint=https://s3.example.com:443", "", "us-east-1 https://s3.example.com/calls/k"},
    {"", "", "invalid_argument"},
    {"s3://", "", "invalid_argument"},
    {"s3://ab", "", "invalid_argument"},
    {"s3://-a/../b", "", "invalid_argument"},
    {"s3://calls/a//b", "", "invalid_argument"},
    {"s3://calls/./b", "", "invalid_argument"},
    {"s3://calls/a%20b", "", "invalid_argument"},
    {"s3://calls/a b", "", "invalid_argument"},
    {"s3://calls?endpoint=https://host/path", "", "invalid_argument"},
    {"s3://calls?endpoint=https://user:pass@host", "", "invalid_argument"},
    {"s3://calls?endpoint=ftp://host", "", "invalid_argument"},
    {"s3://calls?region=auto", "", "invalid_argument"},
    {"s3://calls?region=eu/../west", "", "invalid_argument"},
    {"s3://calls?style=sideways", "", "invalid_argument"},
    {"s3://calls?endpiont=https://host", "", "invalid_argument"},
    {"https://calls", "", "invalid_argument"},
};

TEST(S3Location, a_location_gives_the_address_of_each_key) {
  for (const Row& row : kRows) EXPECT_EQ(where(row), row.where) << row.url;
}

TEST(S3Location, a_location_is_shown_without_its_options) {
  EXPECT_EQ(location_text(parse_location("s3://calls/a?endpoint=https://host&region=x", "").value()),
            "s3://calls/a at https://host");
  EXPECT_EQ(location_text(parse_location("s3://calls", "").value()),
            "s3://calls at https://s3.us-east-1.amazonaws.com");
}

TEST(S3Location, a_buckets_address_has_no_slash_at_its_end) {
  const Location location = parse_location("s3://calls/a?endpoint=https://host", "").value();
  EXPECT_EQ(address_of_bucket(location).path, "/calls");
}

TEST(S3Location, a_prefix_that_leaves_no_room_for_a_key_is_refused) {
  EXPECT_TRUE(parse_location("s3://calls/" + std::string(kPrefixMaxLength, 'p'), ""));
  EXPECT_FALSE(parse_location("s3://calls/" + std::string(kPrefixMaxLength + 1, 'p'), ""));
}

}  // namespace
}  // namespace tapedeck::s3
