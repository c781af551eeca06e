#pragma once

#include <optional>
#include <vector>

#include "base/secret_box.hpp"
#include "calls/ports/call_store.hpp"
#include "calls/postgres/database.hpp"

// CallStore's functions about businesses, on one connection and within the caller's transaction. They throw
// StorageFailure.
namespace tapedeck::postgres {

/// Error kTooLarge for a token that no provider gives out.
[[nodiscard]] Result<PutOutcome> put_business(Database& database, const SecretBox& secrets, const Business& business);
/// Error kCorrupt when the auth token does not open with this SECRET_KEY.
[[nodiscard]] Result<std::optional<Business>> find_business(Database& database, const SecretBox& secrets,
                                                            const BusinessId& id);
[[nodiscard]] Result<std::vector<Business>> list_businesses(Database& database, const SecretBox& secrets);

}  // namespace tapedeck::postgres
