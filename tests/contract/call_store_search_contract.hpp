#pragma once

// How calls are searched by number and name.

#include "tests/contract/call_store_calls_contract.hpp"

namespace tapedeck::contract {

inline CallQuery search_for(std::string text) {
  CallQuery query;
  query.search = std::move(text);
  return query;
}

struct SearchCase {
  std::string search;
  std::string field;
  bool found;
};

inline const std::vector<SearchCase> kSearchCases{
    {"555", "+14155550100", true},
    {"415 555", "+14155550100", true},
    {"415555", "+1 (415) 555-0100", true},
    {"(415) 555-01", "+1.415.555.0100", true},
    {"+1 415", "tel:+1-415-555-0100", true},
    {"0101", "+14155550100", false},
    {"alice", "Alice Smith", true},
    {"SMITH", "alice smith", true},
    {"ice sm", "Alice Smith", true},
    {"bob", "Alice Smith", false},
    {"MÜLLER", "müller gmbh", true},
    {"иван", "ИВАН ПЕТРОВ", true},
    {"שלום", "שלום עליכם", true},
    {"%", "+14155550100", false},
    {"_", "+14155550100", false},
    {"100%", "100% Pure", true},
    {"a_b", "a_b", true},
    {"a_b", "axb", false},
    {"\\", "back\\slash", true},
    {"\\", "slash", false},
    {"' OR '1'='1", "Alice Smith", false},
    {"o'neil", "O'Neil", true},
    {"*", "Alice Smith", false},
    {"-", "Alice Smith", false},
    {"12", "a1b c3d2", false},
};

TEST_P(CallStoreContract, search_finds_part_of_a_number_or_name_in_any_case_and_form) {
  int n = 0;
  for (const SearchCase& one : kSearchCases) {
    ++n;
    CallUpdate update;
    update.call = call_sid(n);
    (n % 2 == 0 ? update.from : update.to) = one.field;
    put_call(update);
    const auto found = sids(list(search_for(one.search)));
    const bool is_found = std::ranges::find(found, call_sid(n)) != found.end();
    EXPECT_EQ(is_found, one.found) << "search " << one.search << " in " << one.field;
  }
}

TEST_P(CallStoreContract, search_does_not_reach_across_two_fields) {
  CallUpdate update;
  update.call = call_sid(1);
  update.from = "4155";
  update.to = "5501";
  put_call(update);
  EXPECT_TRUE(list(search_for("41555501")).calls.empty());
  EXPECT_TRUE(list(search_for("4155\n5501")).calls.empty());
}

TEST_P(CallStoreContract, search_follows_a_changed_name) {
  put_call(call_from(1, "alice"));
  put_call(call_from(1, "bob"));
  EXPECT_TRUE(list(search_for("alice")).calls.empty());
  EXPECT_EQ(list(search_for("bob")).calls.size(), 1U);
}

TEST_P(CallStoreContract, pages_of_a_search_follow_one_another) {
  for (int n = 1; n <= 6; ++n) put_call(call_from(n, n % 2 == 0 ? "even" : "odd"), kNow + Seconds(n));
  CallQuery query = search_for("even");
  query.limit = 2;
  query.cursor = list(query).next;
  ASSERT_TRUE(query.cursor);
  EXPECT_EQ(sids(list(query)), std::vector{call_sid(2)});
}

}  // namespace tapedeck::contract
