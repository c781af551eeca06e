#pragma once

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "calls/ports/call_store.hpp"
#include "tests/contract/call_store_fixture.hpp"

// The databases in fixtures/ were made by the migrations and with the rows of the version before ADR 0021. Both hold
// the same: businesses, calls, a recording in each state, and one row of each of the other tables.

namespace tapedeck {

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Of the fixtures that the databases share.
inline std::filesystem::path old_blob(const std::string& key) {
  return std::filesystem::path(__FILE__).parent_path() / "fixtures" / key;
}

/// Looks at all that a page, a worker and the upkeep ask for, and goes on from there.
inline void expect_old_rows(CallStore& store) {
  using namespace contract;
  const BusinessId acme = business_id("acme");
  const SystemTime made{Milliseconds{1'790'000'000'000}};
  const auto find = [&](int call) { return *run_task(store.find_recording(acme, to_sid(call_sid(call)))).value(); };

  const auto businesses = run_task(store.list_businesses()).value();
  ASSERT_EQ(businesses.size(), 2U);
  EXPECT_EQ(businesses[0].auth_token, "0123456789abcdef0123456789abcdef");
  EXPECT_EQ(businesses[0].account, account_sid(1));
  EXPECT_EQ(businesses[0].limit, 7);
  EXPECT_EQ(businesses[0].format, AudioFormat::kWavDual);
  EXPECT_EQ(businesses[0].retention_days, 30);
  EXPECT_TRUE(businesses[0].delete_at_provider);
  EXPECT_TRUE(businesses[1].paused);
  EXPECT_TRUE(businesses[1].format_is_default);

  CallQuery query;
  query.search = "010-0004";
  const CallPage page = run_task(store.list_calls(acme, query)).value();
  ASSERT_EQ(page.calls.size(), 1U);
  EXPECT_EQ(page.calls.front().to, "Müller");
  ASSERT_TRUE(page.calls.front().recording);
  EXPECT_EQ(page.calls.front().recording->state, RecordingState::kStored);

  using enum RecordingState;
  constexpr std::array kStates{kRemote, kQueued, kProcessing, kStored, kFailed, kAbsent, kDeleted, kQueued};
  for (std::size_t i = 0; i < kStates.size(); ++i) EXPECT_EQ(find(static_cast<int>(i) + 1).state, kStates[i]) << i + 1;
  const auto further = run_task(store.find_recording(acme, to_sid(recording_sid(9)))).value();
  ASSERT_TRUE(further);
  EXPECT_EQ(further->call, call_sid(4));

  // What a press of play needs: the row, and the bytes that it names.
  const Recording stored = find(4);
  ASSERT_TRUE(stored.audio);
  const std::string bytes = read_file(old_blob(stored.audio->blob_key));
  EXPECT_EQ(bytes.size(), stored.audio->size_bytes);
  EXPECT_EQ(sha256_hex(bytes), stored.audio->sha256);
  EXPECT_EQ(stored.measure->duration, Milliseconds(64'250));
  EXPECT_EQ(stored.hold->reason, "a dispute");
  EXPECT_EQ(stored.delete_at, made + Milliseconds(4'000) + std::chrono::days(30));
  EXPECT_EQ(find(7).audio->blob_key.substr(0, 5), "acme/");

  const auto waiting = run_task(store.waiting(0, 10)).value();
  ASSERT_EQ(waiting.size(), 3U);
  EXPECT_EQ(waiting.back().cause->code, "provider_rate_limited");
  EXPECT_TRUE(run_task(store.has_open_attempt(acme)).value());
  EXPECT_EQ(run_task(store.due_source_deletions(made + Seconds(9), 10)).value().size(), 1U);
  EXPECT_EQ(run_task(store.deleted_with_blob(10)).value().size(), 1U);
  EXPECT_EQ(run_task(store.import_tally(1)).value().front().state, kProcessing);
  EXPECT_TRUE(run_task(store.find_key(std::string(64, 'a'))).value());
  EXPECT_EQ(run_task(store.list_keys()).value().size(), 2U);
  EXPECT_EQ(
      run_task(store.list_audit({.business = acme, .since = {}, .until = {}, .cursor = {}})).value().entries.size(),
      1U);
  EXPECT_TRUE(run_task(store.is_leased("upkeep", made)).value());
  EXPECT_EQ(run_task(store.find_mark("stored_rows")).value().cursor, "4");
  EXPECT_EQ(run_task(store.consume_login(std::string(64, 'c'), made)).value()->key_id, 1);

  // New rows and places come after the old ones.
  const auto wanted = run_task(store.want(acme, to_sid(call_sid(1)), Lane::kPlay, made)).value();
  EXPECT_EQ(wanted.recording.wanted_order, 5);
  RecordingAnnouncement told;
  told.call = call_sid(10);
  told.recording = recording_sid(10);
  told.account = account_sid(1);
  EXPECT_EQ(run_task(store.announce(acme, told, made)).value().recording.row_id, 10);
  EXPECT_GT(run_task(store.raise_slot_epoch(acme, made)).value(), 1'790'000'000'000);
}

}  // namespace tapedeck
