#include "tests/contract/call_store_contract.hpp"

#include "tests/fakes/memory_call_store.hpp"

namespace tapedeck::contract {
namespace {

class MemorySubject final : public Subject {
 public:
  CallStore& store() override { return store_; }

 private:
  MemoryCallStore store_;
};

std::unique_ptr<Subject> make_memory() { return std::make_unique<MemorySubject>(); }

INSTANTIATE_TEST_SUITE_P(Stores, CallStoreContract, ::testing::Values(Kind{"memory", make_memory}),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace tapedeck::contract
