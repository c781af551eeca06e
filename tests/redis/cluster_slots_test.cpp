#include "redis/cluster_slots.hpp"

#include <gtest/gtest.h>

#include <array>

#include "redis/client_errors.hpp"
#include "redis/reply_reader.hpp"

namespace tapedeck::redis {
namespace {

Reply parsed(std::string_view bytes) {
  ReplyReader reader;
  EXPECT_TRUE(reader.feed(bytes));
  auto reply = reader.next();
  EXPECT_TRUE(reply && *reply);
  return std::move(**reply);
}

TEST(HashSlot, a_key_has_the_hash_slot_that_redis_gives_it) {
  struct Case {
    const char* key;
    int slot;
  };
  // From CLUSTER KEYSLOT of Redis 7.0.15.
  constexpr std::array kCases{
      Case{"", 0},
      Case{"foo", 12182},
      Case{"123456789", 12739},
      Case{"rec_slots:{123}", 5970},
      Case{"{123}", 5970},
      Case{"123", 5970},
      Case{"{}foo", 9500},
      Case{"foo{}{bar}", 8363},
      Case{"foo{{bar}}zap", 4015},
      Case{"foo{bar", 15278},
      Case{"{user1000}.following", 3443},
  };
  for (const Case& each : kCases) EXPECT_EQ(hash_slot(each.key), each.slot) << each.key;
}

TEST(SlotMap, ranges_are_read_with_their_masters) {
  const Reply reply = parsed(
      "*2\r\n"
      "*4\r\n:0\r\n:5460\r\n*4\r\n$9\r\n127.0.0.1\r\n:7001\r\n$2\r\nid\r\n*0\r\n*3\r\n$9\r\n127.0.0.1\r\n:7004\r\n$"
      "2\r\nid\r\n"
      "*3\r\n:5461\r\n:16000\r\n*3\r\n$-1\r\n:7002\r\n$2\r\nid\r\n");
  auto map = SlotMap::parse(reply, {"10.0.0.9", 7000, ""});
  ASSERT_TRUE(map) << map.error().detail;
  EXPECT_EQ(*map->owner(0), (Endpoint{"127.0.0.1", 7001, ""}));
  EXPECT_EQ(*map->owner(5460), (Endpoint{"127.0.0.1", 7001, ""}));
  // A node that does not know its host has the one that we asked.
  EXPECT_EQ(*map->owner(5461), (Endpoint{"10.0.0.9", 7002, ""}));
  EXPECT_EQ(map->owner(16001), nullptr);
  EXPECT_EQ(map->masters().size(), 2U);
  map->move(16001, {"127.0.0.1", 7001, ""});
  EXPECT_EQ(*map->owner(16001), (Endpoint{"127.0.0.1", 7001, ""}));
}

TEST(SlotMap, a_reply_that_is_no_map_is_refused) {
  for (const char* bytes :
       {"*0\r\n", "+OK\r\n", "-ERR This instance has cluster support disabled\r\n", "*1\r\n:1\r\n",
        "*1\r\n*3\r\n:0\r\n:16384\r\n*2\r\n$1\r\nh\r\n:1\r\n", "*1\r\n*3\r\n:5\r\n:4\r\n*2\r\n$1\r\nh\r\n:1\r\n",
        "*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$1\r\nh\r\n:0\r\n", "*1\r\n*3\r\n:-1\r\n:1\r\n*2\r\n$1\r\nh\r\n:1\r\n"}) {
    EXPECT_FALSE(SlotMap::parse(parsed(bytes), {})) << bytes;
  }
}

TEST(RedisErrors, an_error_is_read_by_its_first_word) {
  struct Case {
    const char* message;
    Trouble trouble;
  };
  constexpr std::array kCases{
      Case{"NOSCRIPT No matching script. Please use EVAL.", Trouble::kNoScript},
      Case{"MOVED 3999 127.0.0.1:6381", Trouble::kMoved},
      Case{"ASK 3999 127.0.0.1:6381", Trouble::kAsk},
      Case{"TRYAGAIN Multiple keys request during rehashing of slot", Trouble::kTryAgain},
      Case{"CLUSTERDOWN Hash slot not served", Trouble::kClusterDown},
      Case{"READONLY You can't write against a read only replica.", Trouble::kNotMaster},
      Case{"LOADING Redis is loading the dataset in memory", Trouble::kAway},
      Case{"ERR Error running script (call to f_0): @user_script:1: -READONLY You can't write", Trouble::kNotMaster},
      Case{"ERR Error running script (call to f_0): @user_script:1: wrong", Trouble::kAnswer},
      Case{"WRONGTYPE Operation against a key", Trouble::kAnswer},
      Case{"BUSYKEY Target key name already exists.", Trouble::kAnswer},
      Case{"", Trouble::kAnswer},
  };
  for (const Case& each : kCases) EXPECT_EQ(read_error(each.message).trouble, each.trouble) << each.message;
}

TEST(RedisErrors, a_redirection_names_slot_and_node) {
  const ReadError moved = read_error("MOVED 3999 127.0.0.1:6381");
  EXPECT_EQ(moved.slot, 3999);
  EXPECT_EQ(moved.target, (Endpoint{"127.0.0.1", 6381, ""}));
  EXPECT_EQ(read_error("ASK 1 ::1:7000").target, (Endpoint{"::1", 7000, ""}));
  EXPECT_EQ(read_error("MOVED 1 :7000").target, (Endpoint{"", 7000, ""}));
  EXPECT_EQ(read_error("MOVED").target, Endpoint());
}

}  // namespace
}  // namespace tapedeck::redis
