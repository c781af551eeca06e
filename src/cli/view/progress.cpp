#include "cli/view/progress.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace tapedeck {
namespace {

constexpr Milliseconds kDrawInterval{200};
constexpr std::int64_t kBarCells = 30;

std::string duration_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds);
  if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace

ProgressView::ProgressView(Form form, Milliseconds interval, std::ostream& lines, std::ostream& terminal, Clock& clock)
    : form_(form),
      interval_(form == Form::kBar ? kDrawInterval : interval),
      lines_(lines),
      terminal_(terminal),
      clock_(clock),
      shown_at_(clock.steady_now()) {}

void ProgressView::begin_part() {
  shown_at_.reset();
  part_at_.reset();
}

void ProgressView::show(std::int64_t done, std::int64_t total, const std::function<std::string(const Pace&)>& line) {
  if (form_ == Form::kNone) return;
  const SteadyTime now = clock_.steady_now();
  const Pace speed = pace(done, total, now);
  if (shown_at_ && now - *shown_at_ < interval_) return;
  shown_at_ = now;
  if (form_ == Form::kBar) return draw(done, total, speed, line(speed));
  lines_ << line(speed) << std::endl;
}

void ProgressView::clear() {
  if (is_drawn_) terminal_ << "\r\x1b[K" << std::flush;
  is_drawn_ = false;
}

Pace ProgressView::pace(std::int64_t done, std::int64_t total, SteadyTime now) {
  if (!part_at_) {
    part_at_ = now;
    done_before_ = done;
  }
  Pace pace;
  const double seconds = std::chrono::duration<double>(now - *part_at_).count();
  if (seconds > 0) pace.per_second = static_cast<double>(std::max<std::int64_t>(0, done - done_before_)) / seconds;
  if (total > 0 && pace.per_second > 0) pace.seconds_left = static_cast<double>(total - done) / pace.per_second;
  return pace;
}

void ProgressView::draw(std::int64_t done, std::int64_t total, const Pace& pace, const std::string& words) {
  std::string line;
  if (total > 0) {
    const std::int64_t cells = std::clamp<std::int64_t>(kBarCells * done / total, 0, kBarCells);
    line = fmt::format("[{:#<{}}{:.<{}}] {:3}% ", "", cells, "", kBarCells - cells,
                       std::min<std::int64_t>(100 * done / total, 100));
  }
  line += fmt::format("{}, {:.1f}/s", words, pace.per_second);
  if (pace.seconds_left) line += fmt::format(", {} left", duration_text(*pace.seconds_left));
  terminal_ << "\r\x1b[K" << line << std::flush;
  is_drawn_ = true;
}

}  // namespace tapedeck
