#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace tapedeck {

/// Counts the events of one name, by the value of one of their fields where `field` is set.
struct CounterRule {
  std::string_view event;
  std::string_view metric;
  std::string_view help;
  std::string_view label;  ///< of the metric; may be empty
  std::string_view field;  ///< of the event; its value becomes the label's
};

/// Collects a number of each event of one name into a histogram.
struct HistogramRule {
  std::string_view event;
  std::string_view field;
  double scale;  ///< from the field's unit to the metric's
  std::string_view metric;
  std::string_view help;
  std::vector<double> bounds;  ///< upper bounds of the buckets, in the metric's unit
};

[[nodiscard]] std::span<const CounterRule> counter_rules();
[[nodiscard]] const std::vector<HistogramRule>& histogram_rules();

}  // namespace tapedeck
