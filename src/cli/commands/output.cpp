#include "cli/commands/output.hpp"

#include <algorithm>

#include <boost/json/serialize.hpp>

#include "cli/exit_code.hpp"

namespace tapedeck {

void print_table(std::ostream& out, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] + 2 - row[i].size(), ' ');
    }
    out << line << '\n';
  }
}

void print_json(std::ostream& out, const boost::json::value& value) { out << boost::json::serialize(value) << '\n'; }

int fail_command(const Output& output, const Error& error) {
  output.err << "tapedeck: " << error.detail << '\n';
  return kFailed;
}

}  // namespace tapedeck
