#include "tests/contract/call_store_contract.hpp"

#include "tests/adapters/sqlite/temporary_store.hpp"
#include "tests/fakes/memory_call_store.hpp"

namespace tapedeck::contract {
namespace {

class SqliteSubject final : public Subject {
 public:
  CallStore& store() override { return *store_; }

 private:
  TemporaryDirectory directory_;
  std::unique_ptr<SqliteCallStore> store_ = open_store(directory_.file("calls.db"));
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

}  // namespace
}  // namespace tapedeck::contract
