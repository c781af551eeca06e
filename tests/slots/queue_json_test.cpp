#include "slots/queue_json.hpp"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

namespace tapedeck {
namespace {

const SystemTime kLater{Seconds{1'795'000'000}};

Sid sid(char digit) { return *Sid::parse("CA" + std::string(32, digit)); }

QueueState::Item item(char digit, SlotPlace place, Lane lane, int position, std::string why) {
  QueueState::Item item;
  item.sid = sid(digit);
  item.status.place = place;
  item.status.lane = lane;
  item.status.position = position;
  item.status.why = std::move(why);
  return item;
}

TEST(QueueJson, a_queue_shows_active_waiting_and_delayed_recordings_in_the_words_of_the_api) {
  QueueState queue;
  queue.active = 2;
  queue.limit = 3;
  queue.waiting_play = 1;
  queue.waiting_fetch = 4;
  queue.delayed = 1;
  queue.has_beyond = true;
  queue.blocked_why = "paused";
  queue.items = {item('1', SlotPlace::kRunning, Lane::kPlay, 0, ""),
                 item('2', SlotPlace::kGranted, Lane::kFetch, 0, "waiting for a free worker"),
                 item('3', SlotPlace::kWaiting, Lane::kPlay, 1, "paused"),
                 item('4', SlotPlace::kDelayed, Lane::kFetch, 0, "it answered 503")};
  queue.items.back().status.until = kLater;
  const auto expected = boost::json::parse(R"({
    "limit": 3, "active_count": 2, "queue_length": 5, "more_are_waiting": true, "delayed_count": 1,
    "active": [
      {"sid": "CA11111111111111111111111111111111", "state": "processing", "lane": "play", "why": null},
      {"sid": "CA22222222222222222222222222222222", "state": "processing", "lane": "fetch",
       "why": "waiting for a free worker"}],
    "waiting": [
      {"sid": "CA33333333333333333333333333333333", "state": "queued", "lane": "play", "position": 1, "why": "paused"}],
    "delayed": [
      {"sid": "CA44444444444444444444444444444444", "state": "queued", "lane": "fetch",
       "retry_at": "2026-11-18T11:06:40Z", "why": "it answered 503"}],
    "blocked": {"why": "paused", "until": null}})");
  EXPECT_EQ(boost::json::value(queue_json(queue)), expected);
}

TEST(QueueJson, an_idle_business_is_not_blocked) {
  EXPECT_EQ(queue_json({}).at("blocked"), boost::json::value(nullptr));
}

}  // namespace
}  // namespace tapedeck
