// What was acknowledged is there after kill -9, and other processes may write meanwhile. The children are made by
// fork() while this process has no threads, and leave by _exit().

#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <random>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "tests/calls/sqlite/temporary_store.hpp"
#include "tests/contract/call_store_fixture.hpp"

namespace tapedeck {
namespace {

namespace asio = boost::asio;
using contract::account_sid;
using contract::business_id;
using contract::call_sid;
using contract::kNow;
using contract::recording_sid;

constexpr int kRounds = 20;
constexpr int kWritersAtOnce = 16;
constexpr int kAcknowledgedMax = 300;

const BusinessId kAcme = business_id("acme");

RecordingAnnouncement announcement(int n) {
  RecordingAnnouncement told;
  told.call = call_sid(n);
  told.recording = recording_sid(n);
  told.account = account_sid(1);
  return told;
}

// Announces recordings, and writes the number of each to the pipe once the store has acknowledged it.
Task<> announce_for_ever(CallStore& store, int& next, int pipe) {
  while (true) {
    const int n = next++;
    const auto change = co_await store.announce(kAcme, announcement(n), kNow);
    if (!change) ::_exit(2);
    if (::write(pipe, &n, sizeof n) != sizeof n) ::_exit(3);
  }
}

[[noreturn]] void run_writer(const std::string& path, int first, int pipe) {
  const auto store = open_store(path);
  asio::io_context loop(1);
  int next = first;
  for (int i = 0; i < kWritersAtOnce; ++i) {
    asio::co_spawn(loop, announce_for_ever(*store, next, pipe), [](std::exception_ptr) { ::_exit(4); });
  }
  loop.run();
  ::_exit(0);
}

// Starts the writer, kills it once `acknowledgements` have come, and returns all that came.
std::vector<int> kill_writer_after(int acknowledgements, const std::string& path, int first) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("pipe");
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    run_writer(path, first, ends[1]);
  }
  ::close(ends[1]);
  std::vector<int> acknowledged;
  int n = 0;
  while (::read(ends[0], &n, sizeof n) == sizeof n) {
    acknowledged.push_back(n);
    if (std::ssize(acknowledged) == acknowledgements) ::kill(child, SIGKILL);
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself with " << WEXITSTATUS(status);
  return acknowledged;
}

TEST(Crash, everything_that_was_acknowledged_is_there_after_kill_9) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("calls.db");
  const auto seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  {
    Business business;
    business.id = kAcme;
    ASSERT_TRUE(run_task(open_store(path)->put_business(business)));
  }
  std::vector<int> acknowledged;
  for (int round = 0; round < kRounds; ++round) {
    const int target = std::uniform_int_distribution(1, kAcknowledgedMax)(random);
    const auto more = kill_writer_after(target, path, round * 1'000'000);
    acknowledged.insert(acknowledged.end(), more.begin(), more.end());
  }
  const auto store = open_store(path);
  for (const int n : acknowledged) {
    const auto found = run_task(store->find_recording(kAcme, to_sid(call_sid(n))));
    ASSERT_TRUE(found && *found) << "number " << n << " was acknowledged and is gone";
    EXPECT_EQ((*found)->state, RecordingState::kQueued);
  }
  const auto waiting = run_task(store->waiting(0, 1'000'000));
  ASSERT_TRUE(waiting);
  EXPECT_GE(waiting->size(), acknowledged.size());
  for (std::size_t i = 1; i < waiting->size(); ++i) {
    EXPECT_LT((*waiting)[i - 1].wanted_order, (*waiting)[i].wanted_order);
  }
}

[[noreturn]] void run_key_maker(const std::string& path, int keys) {
  const auto store = open_store(path);
  for (int n = 0; n < keys; ++n) {
    ApiKey key;
    key.business = kAcme;
    key.hash = "hash-" + std::to_string(n);
    if (!run_task(store->create_key(key))) ::_exit(1);
  }
  ::_exit(0);
}

TEST(SecondProcess, a_second_process_writes_while_the_first_one_is_busy) {
  constexpr int kKeys = 20;
  const TemporaryDirectory directory;
  const std::string path = directory.file("calls.db");
  {
    Business business;
    business.id = kAcme;
    ASSERT_TRUE(run_task(open_store(path)->put_business(business)));
  }
  const pid_t child = ::fork();
  if (child == 0) run_key_maker(path, kKeys);

  const auto store = open_store(path);
  int status = 0;
  int announced = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    ASSERT_TRUE(run_task(store->announce(kAcme, announcement(announced++), kNow)));
  }
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0) << "the second process could not write";
  const auto keys = run_task(store->list_keys());
  ASSERT_TRUE(keys);
  EXPECT_EQ(std::ssize(*keys), kKeys);
  const auto waiting = run_task(store->waiting(0, 1'000'000));
  ASSERT_TRUE(waiting);
  EXPECT_EQ(std::ssize(*waiting), announced);
}

[[noreturn]] void run_opener(const std::string& path) {
  const auto store = SqliteCallStore::open(path, test_secrets());
  ::_exit(store ? 0 : 1);
}

TEST(SecondProcess, a_second_process_may_make_the_database_at_the_same_time) {
  constexpr int kProcesses = 8;
  const TemporaryDirectory directory;
  const std::string path = directory.file("calls.db");
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) {
    const pid_t child = ::fork();
    if (child == 0) run_opener(path);
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_TRUE(run_task(open_store(path)->ping()));
}

}  // namespace
}  // namespace tapedeck
