#include "calls/sql/migration.hpp"

#include <fmt/format.h>

namespace tapedeck::sql {

Result<void> check_known(int version, int newest) {
  if (version <= newest) return {};
  return fail(Errc::kConflict,
              fmt::format("the database has schema {}, and this version of Tapedeck knows up to {}: start the newer "
                          "version that made it",
                          version, newest));
}

}  // namespace tapedeck::sql
