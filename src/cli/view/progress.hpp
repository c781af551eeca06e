#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <string>

#include "runtime/clock.hpp"

namespace tapedeck {

/// How fast the work goes.
struct Pace {
  double per_second = 0;               ///< since the part began
  std::optional<double> seconds_left;  ///< none: the total or the rate is unknown
};

/// Shows how far a command is, as it repeatedly reports: in place on a terminal, or as lines.
class ProgressView {
 public:
  enum class Form {
    kBar,    ///< one line on a terminal, drawn over: a bar where the total is known, the words, rate and time left
    kLines,  ///< a line each time, at most one in `interval`
    kNone
  };
  /// Writes lines to `lines`, and draws a bar on `terminal`. The streams and the clock must outlive the view.
  ProgressView(Form form, Milliseconds interval, std::ostream& lines, std::ostream& terminal, Clock& clock);
  ProgressView(const ProgressView&) = delete;
  ProgressView& operator=(const ProgressView&) = delete;
  ~ProgressView() { clear(); }

  /// Begins a part, whose rate is counted anew. The next show() is not held back.
  void begin_part();
  /// `total` 0: unknown. `line` describes the state: the words beside the bar, or the whole line; it is called only
  /// when something is shown.
  void show(std::int64_t done, std::int64_t total, const std::function<std::string(const Pace&)>& line);
  /// Removes the bar, so that other output begins on a clean line.
  void clear();

 private:
  [[nodiscard]] Pace pace(std::int64_t done, std::int64_t total, SteadyTime now);
  void draw(std::int64_t done, std::int64_t total, const Pace& pace, const std::string& words);

  const Form form_;
  const Milliseconds interval_;
  std::ostream& lines_;
  std::ostream& terminal_;
  Clock& clock_;
  std::optional<SteadyTime> shown_at_;  // none: nothing of this part was shown
  std::optional<SteadyTime> part_at_;
  std::int64_t done_before_ = 0;  // when the part began
  bool is_drawn_ = false;
};

}  // namespace tapedeck
