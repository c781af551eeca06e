#pragma once

#include "base/error.hpp"

namespace tapedeck::sql {

/// One numbered file of an engine's migrations/. Never edited once a release has applied it.
struct Migration {
  int version = 0;
  const char* name = nullptr;
  const char* script = nullptr;
};

/// Error kConflict: a newer Tapedeck than this, which knows `newest`, made the schema.
[[nodiscard]] Result<void> check_known(int version, int newest);

}  // namespace tapedeck::sql
