#pragma once

#include <string>

#include "base/error.hpp"

namespace tapedeck::sqlite {

/// Writes a copy of a database, as it is at one moment, to a new file that only its owner can read, makes it durable
/// and checks it. Processes that use the database go on reading and writing (VACUUM INTO,
/// www.sqlite.org/lang_vacuum.html). Blocks for as long as that takes. Errors: kConflict when `to` is there already;
/// kCorrupt when the copy is not whole; those of Database::open(). After an error there is no file `to`.
[[nodiscard]] Result<void> copy_database(const std::string& from, const std::string& to);

}  // namespace tapedeck::sqlite
