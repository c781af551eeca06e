#pragma once

#include <string_view>
#include <vector>

namespace tapedeck {

/// Collects a number of each event of one name into a histogram. Counters stand in domain/event_catalogue.hpp.
struct HistogramRule {
  std::string_view event;
  std::string_view field;
  std::string_view metric;
  std::string_view help;
  std::vector<double> bounds;  ///< upper bounds of the buckets, in the field's unit
};

[[nodiscard]] const std::vector<HistogramRule>& histogram_rules();

}  // namespace tapedeck
