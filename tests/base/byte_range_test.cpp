#include "base/byte_range.hpp"

#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace tapedeck {
namespace {

using Kind = RangeDecision::Kind;

struct Row {
  std::string_view header;
  std::uint64_t size;
  RangeDecision expected;
};

constexpr RangeDecision whole(std::uint64_t size) { return {Kind::kWhole, 0, size}; }
constexpr RangeDecision part(std::uint64_t first, std::uint64_t length) { return {Kind::kPart, first, length}; }
constexpr RangeDecision kUnsatisfiable{Kind::kUnsatisfiable, 0, 0};

void expect_rows(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    EXPECT_EQ(decide_range(row.header, row.size), row.expected) << '"' << row.header << "\" of " << row.size;
  }
}

TEST(ByteRange, one_range_with_both_ends_is_a_part) {
  expect_rows({{"bytes=0-0", 100, part(0, 1)},
               {"bytes=0-1", 100, part(0, 2)},
               {"bytes=10-19", 100, part(10, 10)},
               {"bytes=99-99", 100, part(99, 1)},
               {"bytes=0-99", 100, part(0, 100)},
               {"bytes=007-0010", 100, part(7, 4)}});
}

TEST(ByteRange, an_open_end_is_a_part_even_when_it_covers_everything) {
  expect_rows({{"bytes=0-", 100, part(0, 100)}, {"bytes=99-", 100, part(99, 1)}, {"bytes=0-", 1, part(0, 1)}});
}

TEST(ByteRange, a_suffix_is_clamped_to_the_size) {
  expect_rows({{"bytes=-1", 100, part(99, 1)},
               {"bytes=-100", 100, part(0, 100)},
               {"bytes=-101", 100, part(0, 100)},
               {"bytes=-99999999999999999999999", 100, part(0, 100)}});
}

TEST(ByteRange, an_end_beyond_the_last_byte_is_clamped) {
  expect_rows({{"bytes=90-100", 100, part(90, 10)},
               {"bytes=0-18446744073709551615", 100, part(0, 100)},
               {"bytes=5-99999999999999999999999", 100, part(5, 95)}});
}

TEST(ByteRange, a_range_after_the_end_and_an_empty_suffix_are_unsatisfiable) {
  expect_rows({{"bytes=100-", 100, kUnsatisfiable},
               {"bytes=100-200", 100, kUnsatisfiable},
               {"bytes=18446744073709551615-", 100, kUnsatisfiable},
               {"bytes=99999999999999999999999-", 100, kUnsatisfiable},
               {"bytes=-0", 100, kUnsatisfiable},
               {"bytes=0-", 0, kUnsatisfiable},
               {"bytes=0-0", 0, kUnsatisfiable}});
}

TEST(ByteRange, a_suffix_of_an_empty_file_is_the_whole) { expect_rows({{"bytes=-5", 0, whole(0)}}); }

TEST(ByteRange, a_malformed_header_is_ignored) {
  for (const std::string_view header :
       {"",          "bytes",      "bytes=",        "bytes=-",     "bytes=abc",  "bytes=1",  "bytes=5-4",
        "bytes=a-5", "bytes=5-b",  "bytes=--5",     "bytes=1-2-3", "bytes=+1-2", "bytes= -", "bytes =0-1",
        "bytes:0-1", " bytes=0-1", "bytes=0x1-0x2", "bytes=1 -2",  "bytes=0-1;", "bytes=,",  "bytes=1.0-2",
        "=0-1",      "0-1"}) {
    EXPECT_EQ(decide_range(header, 100), whole(100)) << '"' << header << '"';
  }
}

TEST(ByteRange, another_unit_is_ignored) {
  expect_rows({{"items=0-5", 100, whole(100)}, {"seconds=0-5", 100, whole(100)}, {"byte=0-5", 100, whole(100)}});
}

TEST(ByteRange, the_unit_is_read_in_any_case_and_an_empty_list_member_is_skipped) {
  expect_rows({{"Bytes=0-1", 100, part(0, 2)},
               {"BYTES=0-1", 100, part(0, 2)},
               {"bytes=,0-1", 100, part(0, 2)},
               {"bytes= 0-1 ,", 100, part(0, 2)}});
}

TEST(ByteRange, several_ranges_are_the_whole) {
  expect_rows({{"bytes=0-1,5-6", 100, whole(100)},
               {"bytes=0-1, 200-300", 100, whole(100)},
               {"bytes=200-300,400-500", 100, whole(100)},
               {"bytes=0-1,abc", 100, whole(100)}});
}

}  // namespace
}  // namespace tapedeck
