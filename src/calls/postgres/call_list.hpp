#pragma once

#include "calls/ports/call_list_store.hpp"
#include "calls/postgres/database.hpp"

namespace tapedeck::postgres {

/// CallListStore::list_calls(), on one connection. Throws StorageFailure.
[[nodiscard]] Result<CallPage> list_calls(Database& database, const BusinessId& business, const CallQuery& query);

}  // namespace tapedeck::postgres
