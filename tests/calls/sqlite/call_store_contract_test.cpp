#include "tests/contract/call_store_contract.hpp"

#include "tests/calls/sqlite/faulty_disk.hpp"
#include "tests/calls/sqlite/temporary_store.hpp"
#include "tests/fakes/memory_call_store.hpp"

namespace tapedeck::contract {
namespace {

class SqliteSubject final : public Subject {
 public:
  CallStore& store() override { return *store_; }

 private:
  // The contract is about answers, not about crashes (crash_test.cpp), so nothing waits for the disk.
  static SqliteOptions on_quick_disk(FaultyDisk& disk) {
    disk.skip_syncs();
    SqliteOptions options;
    options.database.vfs = FaultyDisk::name();
    return options;
  }

  FaultyDisk disk_;
  TemporaryDirectory directory_;
  std::unique_ptr<SqliteCallStore> store_ = open_store(directory_.file("calls.db"), on_quick_disk(disk_));
};

class MemorySubject final : public Subject {
 public:
  CallStore& store() override { return store_; }

 private:
  MemoryCallStore store_;
};

template <class Kind>
std::unique_ptr<Subject> make() {
  return std::make_unique<Kind>();
}

INSTANTIATE_TEST_SUITE_P(Stores, CallStoreContract,
                         ::testing::Values(Kind{"sqlite", make<SqliteSubject>}, Kind{"memory", make<MemorySubject>}),
                         [](const auto& one) { return one.param.name; });
INSTANTIATE_TEST_SUITE_P(Stores, KeepingContract,
                         ::testing::Values(Kind{"sqlite", make<SqliteSubject>}, Kind{"memory", make<MemorySubject>}),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace tapedeck::contract
