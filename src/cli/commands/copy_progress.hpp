#pragma once

#include <string>

#include "calls/copy/row_copy.hpp"
#include "cli/commands/output.hpp"
#include "runtime/clock.hpp"

namespace tapedeck {

/// Shows how far a copy is: a bar on a terminal, a line of JSON about every second with --json, and otherwise nothing.
class CopyProgressView {
 public:
  /// `output` and `clock` must outlive it.
  CopyProgressView(const Output& output, Clock& clock);
  CopyProgressView(const CopyProgressView&) = delete;
  CopyProgressView& operator=(const CopyProgressView&) = delete;
  /// Ends the line of the bar.
  ~CopyProgressView();

  void begin_pass(int pass) { pass_ = pass; }
  void show(const CopyProgress& progress);

 private:
  void draw(const CopyProgress& progress);

  const Output& output_;
  Clock& clock_;
  const bool is_terminal_;
  int pass_ = 1;
  std::string part_;
  SteadyTime shown_at_;
  bool has_drawn_ = false;
};

/// "1.5 GB"
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);

}  // namespace tapedeck
