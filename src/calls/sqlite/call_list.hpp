#pragma once

#include "calls/ports/call_list_store.hpp"
#include "calls/sqlite/database.hpp"

namespace tapedeck::sqlite {

/// CallListStore::list_calls(), on one connection and in one view of the data. Throws StorageFailure.
[[nodiscard]] Result<CallPage> list_calls(Database& database, const BusinessId& business, const CallQuery& query);

}  // namespace tapedeck::sqlite
