#pragma once

// What every CallStore must do: the sentences of calls/ports/call_store.hpp, one test each. Include it in one file of a
// test program, and name the stores with INSTANTIATE_TEST_SUITE_P(..., CallStoreContract, ...), and with (...,
// KeepingContract, ...).

#include "tests/contract/call_store_access_contract.hpp"
#include "tests/contract/call_store_attempts_contract.hpp"
#include "tests/contract/call_store_backlog_contract.hpp"
#include "tests/contract/call_store_calls_contract.hpp"
#include "tests/contract/call_store_import_contract.hpp"
#include "tests/contract/call_store_keeping_contract.hpp"
#include "tests/contract/call_store_measure_contract.hpp"
#include "tests/contract/call_store_removal_contract.hpp"
#include "tests/contract/call_store_search_contract.hpp"
#include "tests/contract/call_store_upkeep_contract.hpp"
#include "tests/contract/call_store_webhook_contract.hpp"
#include "tests/contract/call_store_wishes_contract.hpp"
