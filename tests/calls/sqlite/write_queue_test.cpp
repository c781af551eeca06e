#include "calls/sqlite/write_queue.hpp"

#include <functional>
#include <latch>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "calls/sqlite/migrations.hpp"
#include "runtime/run_task.hpp"
#include "tests/calls/sqlite/faulty_disk.hpp"
#include "tests/calls/sqlite/temporary_store.hpp"

namespace tapedeck::sqlite {
namespace {

namespace asio = boost::asio;

using Work = std::function<Result<int>(Database&)>;

Result<int> insert(Database& database, int n) {
  database.run("INSERT INTO meta (key, value) VALUES (?1, ?2)", std::to_string(n), n);
  return n;
}
Work inserting(int n) {
  return [n](Database& database) { return insert(database, n); };
}

Task<> record(WriteQueue& queue, Work work, std::vector<Result<int>>& results, std::size_t place) {
  Result<int> result = co_await run_job(queue, std::move(work));
  results[place] = std::move(result);
}

class SharedCommits : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.vfs = FaultyDisk::name();
    auto database = open();
    ASSERT_TRUE(migrate(database));
  }

  Database open() {
    auto database = Database::open(path_, options_);
    EXPECT_TRUE(database) << database.error().detail;
    return std::move(*database);
  }

  void start(WriteQueueOptions options = {}) { queue_.emplace(open(), open(), options); }

  /// Holds the writer, so that what follows waits together.
  void hold() {
    QueuedJob queued{&gate_, std::nullopt, nullptr};
    ASSERT_TRUE(queue_->post(queued));
    entered_.wait();
  }

  /// Runs all of them at the same time, in this order, in one batch.
  std::vector<Result<int>> run_together(const std::vector<Work>& works) {
    hold();
    std::vector<Result<int>> results(works.size());
    asio::io_context loop(1);
    for (std::size_t i = 0; i < works.size(); ++i) {
      asio::co_spawn(loop, record(*queue_, works[i], results, i), [](std::exception_ptr failure) {
        if (failure) std::rethrow_exception(failure);
      });
    }
    loop.poll();
    opened_.count_down();
    loop.run();
    return results;
  }

  int rows() {
    Database database = open();
    Rows count = database.query("SELECT count(*) FROM meta WHERE key <> 'probe'");
    return count.next() ? static_cast<int>(count.integer(0)) : -1;
  }

  class Gate final : public Job {
   public:
    Gate(std::latch& entered, std::latch& opened) : entered_(entered), opened_(opened) {}
    bool run(Database&) override {
      if (!std::exchange(has_run_, true)) {
        entered_.count_down();
        opened_.wait();
      }
      return true;
    }
    Error failure() const override { return {}; }
    void fail(const Error&) override {}

   private:
    std::latch& entered_;
    std::latch& opened_;
    bool has_run_ = false;
  };

  FaultyDisk disk_;
  TemporaryDirectory directory_;
  const std::string path_ = directory_.file("calls.db");
  DatabaseOptions options_;
  std::latch entered_{1};
  std::latch opened_{1};
  Gate gate_{entered_, opened_};
  std::optional<WriteQueue> queue_;
};

TEST_F(SharedCommits, a_hundred_changes_that_wait_together_need_one_sync) {
  start();
  std::vector<Work> works;
  for (int n = 0; n < 100; ++n) works.push_back(inserting(n));
  hold();
  const int syncs = disk_.syncs();
  std::vector<Result<int>> results(works.size());
  asio::io_context loop(1);
  for (std::size_t i = 0; i < works.size(); ++i) {
    asio::co_spawn(loop, record(*queue_, works[i], results, i), [](std::exception_ptr failure) {
      if (failure) std::rethrow_exception(failure);
    });
  }
  loop.poll();
  opened_.count_down();
  loop.run();
  for (int n = 0; n < 100; ++n) EXPECT_EQ(results[static_cast<std::size_t>(n)].value_or(-1), n);
  // The gate's own transaction changes nothing. The log's header is synced besides its first frames.
  EXPECT_LE(disk_.syncs() - syncs, 2);
  EXPECT_EQ(queue_->commits(), 2U);
  EXPECT_EQ(rows(), 100);
}

TEST_F(SharedCommits, a_batch_is_bounded) {
  start({.queue_max = 1000, .batch_max = 10});
  std::vector<Work> works;
  for (int n = 0; n < 100; ++n) works.push_back(inserting(n));
  for (const auto& result : run_together(works)) EXPECT_TRUE(result);
  EXPECT_EQ(queue_->commits(), 11U);  // the gate's, and ten of ten
}

TEST_F(SharedCommits, a_change_that_fails_is_undone_alone) {
  start();
  const Work half_done = [](Database& database) -> Result<int> {
    (void)insert(database, 2);
    return fail(Errc::kConflict, "no");
  };
  const Work refused = [](Database& database) -> Result<int> {
    (void)insert(database, 3);
    return insert(database, 1);  // a key that is there already
  };
  const Work broken = [](Database& database) -> Result<int> {
    (void)insert(database, 4);
    throw std::runtime_error("a bug");
  };
  const auto results = run_together({inserting(1), half_done, refused, broken, inserting(5)});
  EXPECT_EQ(results[0].value_or(-1), 1);
  ASSERT_FALSE(results[1]);
  EXPECT_EQ(results[1].error().errc(), Errc::kConflict);
  ASSERT_FALSE(results[2]);
  EXPECT_EQ(results[2].error().errc(), Errc::kConflict);
  ASSERT_FALSE(results[3]);
  EXPECT_EQ(results[3].error().errc(), Errc::kInternal);
  EXPECT_EQ(results[4].value_or(-1), 5);
  EXPECT_EQ(rows(), 2);
}

TEST_F(SharedCommits, a_change_that_fails_before_it_writes_costs_the_others_nothing) {
  start();
  const Work refused = [](Database&) -> Result<int> { return fail(Errc::kNotFound, "no such thing"); };
  const auto results = run_together({inserting(1), refused, inserting(2)});
  EXPECT_TRUE(results[0]);
  EXPECT_EQ(results[1].error().errc(), Errc::kNotFound);
  EXPECT_TRUE(results[2]);
  EXPECT_EQ(rows(), 2);
}

struct BrokenDisk {
  FaultyDisk::Fault fault;
  Errc expected;
};

TEST_F(SharedCommits, a_failed_commit_fails_its_whole_batch_and_leaves_the_store_usable) {
  start();
  int n = 0;
  for (const auto& [fault, expected] :
       {BrokenDisk{FaultyDisk::Fault::kFull, Errc::kNoSpace}, BrokenDisk{FaultyDisk::Fault::kWriteError, Errc::kIo},
        BrokenDisk{FaultyDisk::Fault::kSyncError, Errc::kIo}}) {
    disk_.break_down(fault);
    for (int i = 0; i < 3; ++i) {
      const auto result = run_task(run_job(*queue_, inserting(++n)));
      ASSERT_FALSE(result);
      EXPECT_EQ(result.error().errc(), expected) << result.error().detail;
    }
    EXPECT_TRUE(queue_->last_failure());
    disk_.heal();
    EXPECT_TRUE(run_task(run_job(*queue_, inserting(++n))));
    EXPECT_FALSE(queue_->last_failure());
  }
  EXPECT_EQ(rows(), 3);
}

TEST_F(SharedCommits, a_batch_that_failed_to_commit_reports_no_success) {
  start();
  hold();
  disk_.break_down(FaultyDisk::Fault::kSyncError);
  std::vector<Result<int>> results(20);
  asio::io_context loop(1);
  for (std::size_t i = 0; i < results.size(); ++i) {
    asio::co_spawn(loop, record(*queue_, inserting(static_cast<int>(i)), results, i), [](std::exception_ptr failure) {
      if (failure) std::rethrow_exception(failure);
    });
  }
  loop.poll();
  opened_.count_down();
  loop.run();
  for (const auto& result : results) EXPECT_FALSE(result);
  disk_.heal();
  EXPECT_EQ(rows(), 0);
}

TEST_F(SharedCommits, a_queue_that_is_full_refuses_at_once) {
  start({.queue_max = 2, .batch_max = 10});
  const auto results = run_together({inserting(1), inserting(2), inserting(3)});
  EXPECT_TRUE(results[0]);
  EXPECT_TRUE(results[1]);
  ASSERT_FALSE(results[2]);
  EXPECT_EQ(results[2].error().errc(), Errc::kUnavailable);
  EXPECT_EQ(rows(), 2);
}

TEST_F(SharedCommits, waiting_changes_are_committed_before_the_queue_ends) {
  start();
  hold();
  std::vector<Result<int>> results(5);
  asio::io_context loop(1);
  for (std::size_t i = 0; i < results.size(); ++i) {
    asio::co_spawn(loop, record(*queue_, inserting(static_cast<int>(i)), results, i), [](std::exception_ptr failure) {
      if (failure) std::rethrow_exception(failure);
    });
  }
  loop.poll();
  opened_.count_down();
  queue_.reset();
  loop.run();
  for (const auto& result : results) EXPECT_TRUE(result);
  EXPECT_EQ(rows(), 5);
}

TEST_F(SharedCommits, a_database_that_another_holds_is_unavailable_after_the_time_set) {
  options_.busy_timeout = Milliseconds(20);
  start();
  Database other = open();
  other.run("BEGIN IMMEDIATE");
  const auto refused = run_task(run_job(*queue_, inserting(1)));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().errc(), Errc::kUnavailable);
  other.run("COMMIT");
  EXPECT_TRUE(run_task(run_job(*queue_, inserting(1))));
}

TEST_F(SharedCommits, the_log_does_not_grow_without_bound) {
  disk_.skip_syncs();
  start();
  const std::string filler(3000, 'x');
  for (int n = 0; n < 3000; ++n) {
    const auto result = run_task(run_job(*queue_, Work([n, &filler](Database& database) -> Result<int> {
      database.run(
          "INSERT INTO audit (at, business_id, actor, action, sid, detail)"
          " VALUES (0, '', '', '', '', ?1)",
          filler);
      return n;
    })));
    ASSERT_TRUE(result);
  }
  EXPECT_LT(std::filesystem::file_size(path_ + "-wal"), 40U << 20U);
}

}  // namespace
}  // namespace tapedeck::sqlite
