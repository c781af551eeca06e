#pragma once

#include <string_view>

#include "calls/copy/blob_copy.hpp"
#include "cli/command.hpp"
#include "cli/view/progress.hpp"

namespace tapedeck {

/// Shows the progress of a copy: a bar on a terminal, lines of JSON with --json, otherwise nothing.
class CopyView {
 public:
  explicit CopyView(CommandContext& context);

  void begin_pass(int pass) { pass_ = pass; }
  /// Removes the bar.
  void clear() { view_.clear(); }
  /// Shows what a copy reports. The watcher must not outlive this view.
  [[nodiscard]] CopyWatcher watcher() {
    return [this](const CopyProgress& progress) { show(progress); };
  }

 private:
  void show(const CopyProgress& progress);

  const bool is_json_;
  ProgressView view_;
  int pass_ = 1;
  std::string part_;
};

/// Names the blobs that could not be copied, below "TITLE: 1 damaged, 2 missing:". Prints nothing if there are none.
void print_unusable(std::ostream& out, std::string_view title, const BlobOutcome& blobs);

}  // namespace tapedeck
