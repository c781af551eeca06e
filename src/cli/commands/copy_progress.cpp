#include "cli/commands/copy_progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <iostream>

#include <fmt/format.h>
#include <boost/json/object.hpp>

namespace tapedeck {
namespace {

constexpr Milliseconds kDrawEvery{100};
constexpr Milliseconds kTellEvery{1'000};
constexpr int kBarWidth = 30;

}  // namespace

CopyProgressView::CopyProgressView(const Output& output, Clock& clock)
    : output_(output),
      clock_(clock),
      is_terminal_(!output.json && &output.err == &std::cerr && ::isatty(STDERR_FILENO) == 1),
      shown_at_(clock.steady_now()) {}

CopyProgressView::~CopyProgressView() {
  if (has_drawn_) output_.err << '\n';
}

void CopyProgressView::show(const CopyProgress& progress) {
  if (!output_.json && !is_terminal_) return;
  const SteadyTime now = clock_.steady_now();
  const bool is_new_part = part_ != progress.part;
  const bool is_due = now - shown_at_ >= (output_.json ? kTellEvery : kDrawEvery);
  if (!is_new_part && !is_due) return;
  part_ = progress.part;
  shown_at_ = now;
  if (is_terminal_) {
    draw(progress);
    return;
  }
  boost::json::object line{
      {"pass", pass_}, {"part", progress.part}, {"done", progress.done}, {"bytes", progress.bytes}};
  if (progress.total > 0) line["total"] = progress.total;
  print_json(output_.out, line);
  output_.out.flush();
}

void CopyProgressView::draw(const CopyProgress& progress) {
  const std::int64_t total = std::max<std::int64_t>({progress.total, progress.done, 1});
  const auto filled = static_cast<std::size_t>(progress.done * kBarWidth / total);
  std::string bar(filled, '#');
  bar.resize(kBarWidth, '.');
  output_.err << fmt::format("\r\x1b[K[{}] {:3}% pass {}, {}: {} of {}", bar, progress.done * 100 / total, pass_,
                             progress.part, progress.done, total);
  if (progress.bytes > 0) output_.err << ", " << bytes_text(progress.bytes);
  output_.err.flush();
  has_drawn_ = true;
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array kUnits{"B", "kB", "MB", "GB", "TB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1000 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

}  // namespace tapedeck
