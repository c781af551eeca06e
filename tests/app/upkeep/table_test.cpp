#include "app/upkeep/table.hpp"

#include <stdexcept>

#include <boost/asio/this_coro.hpp>

#include "app/upkeep_names.hpp"
#include "base/sha256_stream.hpp"
#include "runtime/task_scope.hpp"
#include "tests/app/upkeep/upkeep_world.hpp"
#include "tests/fakes/call_store_decorator.hpp"

// What the whole table does: one worker, and two over one store.

namespace tapedeck {
namespace {

// A provider whose deletions take a while, as a network does.
class SlowSource final : public RecordingSource {
 public:
  explicit SlowSource(Clock& clock) : clock_(clock) {}
  Task<FetchOutcome> fetch(FetchRequest, FetchSink&, std::stop_token) override {
    co_return FetchOutcome{.result = fail(Errc::kInternal, "not asked for")};
  }
  Task<Result<RemoteStatus>> describe(FetchRequest, std::stop_token) override { co_return RemoteStatus::kCompleted; }
  Task<Result<void>> remove(FetchRequest request, std::stop_token) override {
    removed.push_back(request.recording.str());
    co_await clock_.sleep_for(Milliseconds(200), {});
    co_return Result<void>();
  }
  std::vector<std::string> removed;

 private:
  Clock& clock_;
};

// A blob store whose removals take a while.
class SlowBlobs final : public BlobStore {
 public:
  SlowBlobs(MemoryBlobStore& blobs, Clock& clock) : blobs_(blobs), clock_(clock) {}
  Task<Result<std::unique_ptr<BlobWriter>>> create(std::string key) override { return blobs_.create(std::move(key)); }
  Task<Result<std::shared_ptr<Blob>>> open(std::string key) override { return blobs_.open(std::move(key)); }
  Task<Result<void>> remove(std::string key) override {
    removed.push_back(key);
    co_await clock_.sleep_for(Milliseconds(200), {});
    Result<void> gone = co_await blobs_.remove(std::move(key));
    co_return gone;
  }
  Task<Result<std::optional<std::uint64_t>>> size_of(std::string key) override {
    return blobs_.size_of(std::move(key));
  }
  Task<Result<std::vector<BlobEntry>>> list(std::string after, int limit) override {
    return blobs_.list(std::move(after), limit);
  }
  Task<Result<int>> collect_leftovers() override { return blobs_.collect_leftovers(); }
  Task<Result<void>> ping() override { return blobs_.ping(); }
  std::vector<std::string> removed;

 private:
  MemoryBlobStore& blobs_;
  Clock& clock_;
};

class TableTest : public UpkeepWorld {
 protected:
  // One worker process.
  struct Process {
    Process(TableTest& test, CallStore& calls, std::string name)
        : worker({calls, test.slots, test.slow_blobs, test.slow_source, test.listing, test.businesses, test.requests,
                  test.webhooks, test.backlog, test.clock, test.events},
                 {.holder = std::move(name)}) {}
    WorkerUpkeep worker;
    std::stop_source stop;
  };

  // All run until `until` has passed on the clock; then they are stopped.
  Task<bool> run_for(std::vector<Process*> processes, Milliseconds until) {
    const auto executor = co_await boost::asio::this_coro::executor;
    TaskScope scope(executor, [](std::exception_ptr) { ADD_FAILURE(); });
    for (Process* process : processes) {
      std::vector<UpkeepTask> table = upkeep_table(rules, nullptr, &process->worker);
      scope.spawn(run_upkeep(std::move(table), &process->worker.lease, clock, events, process->stop.get_token()));
    }
    co_await clock.sleep_for(until, {});
    holders = static_cast<int>(
        std::ranges::count_if(processes, [](Process* process) { return process->worker.lease.is_held(); }));
    for (Process* process : processes) process->stop.request_stop();
    co_await scope.join();
    co_return true;
  }

  // A business whose recordings are deleted at the provider, with `count` of them that are due.
  void store_to_delete_at_provider(int count) {
    Business business = run(rows.find_business(acme)).value().value();
    business.delete_at_provider = true;
    ASSERT_TRUE(run(rows.put_business(business)));
    businesses.forget(acme);
    std::string sound;
    for (int i = 0; i < 8; ++i) sound += std::string("\xFF\xFB\x90\x64", 4) + std::string(413, '\0');
    Sha256Stream digest;
    digest.update(sound);
    const std::string sha256 = digest.finish_hex();
    for (int n = 1; n <= count; ++n) {
      ASSERT_TRUE(run(rows.announce(acme, listed(n, clock.system_now()).told, clock.system_now())));
      const auto taken = run(rows.begin_attempt(acme, to_sid(recording(n)))).value().value();
      StoredAudio audio{fmt::format("blob-{}", n), sound.size(), "audio/mpeg", sha256, clock.system_now()};
      blobs.put(audio.blob_key, sound);
      ASSERT_TRUE(run(rows.commit_stored(taken.row_id, taken.fence, audio)));
    }
  }

  SlowBlobs slow_blobs{blobs, clock};
  SlowSource slow_source{clock};
  int holders = 0;
};

TEST_F(TableTest, of_two_workers_one_has_the_lease_and_gives_it_back_at_its_end) {
  Process first(*this, rows, "first");
  Process second(*this, rows, "second");
  ASSERT_TRUE(run(run_for({&first, &second}, Milliseconds(20'000))));
  EXPECT_EQ(holders, 1);
  EXPECT_FALSE(run(rows.is_leased(kUpkeepLease, clock.system_now())).value());
}

TEST_F(TableTest, a_worker_waits_for_the_lease_of_a_process_that_died) {
  ASSERT_TRUE(run(rows.take_lease(kUpkeepLease, "dead", clock.system_now(), kUpkeepLeaseTtl)));
  Process first(*this, rows, "first");
  ASSERT_TRUE(run(run_for({&first}, kUpkeepLeaseTtl - Milliseconds(1))));
  EXPECT_EQ(holders, 0);
  Process second(*this, rows, "second");
  ASSERT_TRUE(run(run_for({&second}, kUpkeepLeaseEvery + Milliseconds(1))));
  EXPECT_EQ(holders, 1);
}

TEST_F(TableTest, the_slot_store_is_told_what_an_import_writes_down_meanwhile) {
  (void)run(rows.open_import(acme, {account(1), {}, {}}, false, clock.system_now()));
  ASSERT_TRUE(run(rows.announce(acme, listed(1, clock.system_now()).told, clock.system_now())));
  Process process(*this, rows, "one");
  ASSERT_TRUE(run(run_for({&process}, Milliseconds(2'500))));
  EXPECT_EQ(run(slots.view(acme, 10)).value().active, 1);
}

TEST_F(TableTest, a_missed_webhook_is_looked_for_at_once_when_somebody_asks) {
  provider.recordings.push_back(listed(1, clock.system_now()));
  clock.advance(kWebhookPatience + Milliseconds(1));
  Process process(*this, rows, "one");
  ASSERT_TRUE(run(run_for({&process}, Milliseconds(5'000))));
  EXPECT_FALSE(find(1));
  const UpkeepMark back{format_rfc3339(clock.system_now() - Seconds(3'600)), std::nullopt};
  const UpkeepMark wanted{"now", std::nullopt};
  ASSERT_TRUE(run(rows.put_mark(listing_mark(account(1)), back)));
  ASSERT_TRUE(run(rows.put_mark(kWantedMark, wanted)));
  Process again(*this, rows, "again");
  ASSERT_TRUE(run(run_for({&again}, Milliseconds(5'000))));
  EXPECT_TRUE(find(1));
}

TEST_F(TableTest, of_two_workers_one_deletes_at_the_provider_and_audits_it) {
  store_to_delete_at_provider(3);
  Process first(*this, rows, "first");
  Process second(*this, rows, "second");
  ASSERT_TRUE(run(run_for({&first, &second}, Milliseconds(10'000))));
  EXPECT_EQ(slow_source.removed.size(), 3U);
  EXPECT_EQ(rows.audit().size(), 3U);
  EXPECT_EQ(events.lines("SOURCE_DELETED").size(), 3U);
}

TEST_F(TableTest, of_two_workers_one_removes_the_blobs_of_deleted_recordings) {
  for (int n = 1; n <= 3; ++n) {
    (void)stored(n);
    ASSERT_TRUE(run(rows.remove(acme, to_sid(recording(n)))));
  }
  Process first(*this, rows, "first");
  Process second(*this, rows, "second");
  ASSERT_TRUE(run(run_for({&first, &second}, Milliseconds(10'000))));
  EXPECT_EQ(slow_blobs.removed.size(), 6U);  // the audio and the waveform of each
  EXPECT_TRUE(blobs.blobs().empty());
}

// A call store that breaks once where the imports are looked up.
class BreakingCallStore final : public CallStoreDecorator {
 public:
  using CallStoreDecorator::CallStoreDecorator;
  Task<Result<std::vector<BusinessId>>> importing_since(SystemTime since) override {
    if (breaks-- > 0) throw std::runtime_error("the list is on fire");
    return CallStoreDecorator::importing_since(since);
  }
  int breaks = 1;
};

TEST_F(TableTest, a_task_that_breaks_goes_on) {
  BreakingCallStore breaking(rows);
  (void)run(rows.open_import(acme, {account(1), {}, {}}, false, clock.system_now()));
  ASSERT_TRUE(run(rows.announce(acme, listed(1, clock.system_now()).told, clock.system_now())));
  Process process(*this, breaking, "one");
  ASSERT_TRUE(run(run_for({&process}, Milliseconds(10'000))));
  EXPECT_EQ(events.lines("UPKEEP_FAILED"),
            std::vector<std::string>{R"(UPKEEP_FAILED task=imports detail="the list is on fire")"});
  EXPECT_EQ(run(slots.view(acme, 10)).value().active, 1);
}

}  // namespace
}  // namespace tapedeck
