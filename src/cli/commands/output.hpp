#pragma once

#include <ostream>
#include <string>
#include <vector>

#include <boost/json/value.hpp>

#include "base/error.hpp"

namespace tapedeck {

/// Where a command writes: data on `out`, talk on `err`.
struct Output {
  std::ostream& out;
  std::ostream& err;
  bool json = false;
};

/// Rows under a header, in columns.
void print_table(std::ostream& out, const std::vector<std::vector<std::string>>& rows);
/// One line of JSON.
void print_json(std::ostream& out, const boost::json::value& value);
/// "tapedeck: what" on err; returns kFailed.
[[nodiscard]] int fail_command(const Output& output, const Error& error);

}  // namespace tapedeck
