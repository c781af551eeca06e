#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include <boost/json/value.hpp>

namespace tapedeck {

/// Where a command writes: data on `out`, messages for people on `err`.
struct Output {
  std::ostream& out;
  std::ostream& err;
  bool json = false;
};

/// Prints rows in aligned columns. The first row is the header.
void print_table(std::ostream& out, const std::vector<std::vector<std::string>>& rows);
/// Prints one line of JSON.
void print_json(std::ostream& out, const boost::json::value& value);
/// "1.5 GB"
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);
/// Null for an empty text.
[[nodiscard]] boost::json::value json_or_null(const std::string& text);

}  // namespace tapedeck
