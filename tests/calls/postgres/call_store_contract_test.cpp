#include "tests/contract/call_store_contract.hpp"

#include "tests/calls/postgres/shared_server.hpp"

namespace tapedeck::contract {
namespace {

const TestDatabase& cleared_database() {
  static const TestDatabase database;
  database.clear();
  return database;
}

class PostgresSubject final : public Subject {
 public:
  CallStore& store() override { return *store_; }

 private:
  std::unique_ptr<PostgresCallStore> store_ = open_store(cleared_database().url(), small_store());
};

std::unique_ptr<Subject> make() { return std::make_unique<PostgresSubject>(); }

INSTANTIATE_TEST_SUITE_P(Stores, CallStoreContract, ::testing::Values(Kind{"postgres", make}),
                         [](const auto& one) { return one.param.name; });
INSTANTIATE_TEST_SUITE_P(Stores, KeepingContract, ::testing::Values(Kind{"postgres", make}),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace tapedeck::contract
