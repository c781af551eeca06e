#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "domain/event_sink.hpp"

namespace tapedeck {

/// Values that one label may take; events with further ones are counted as "other".
inline constexpr std::size_t kLabelValuesMax = 40;

enum class MetricKind { kCounter, kGauge };

/// One value of a watched metric.
struct Sample {
  std::vector<std::string> label_values;  ///< one for each label
  double value = 0;
};

/// A number that another object keeps, read when the metrics are asked for.
struct Watched {
  MetricKind kind = MetricKind::kGauge;
  std::string name;                           ///< tapedeck_<noun>_<unit>, and _total for a counter
  std::string help;                           ///< a sentence
  std::vector<std::string> labels;            ///< none of them the name of a business
  std::function<std::vector<Sample>()> read;  ///< thread-safe and quick; one that throws is left out
};

/// A histogram that another object keeps, as of now.
struct HistogramSample {
  std::vector<double> bounds;         ///< upper bounds of the buckets; one more bucket has none
  std::vector<std::uint64_t> counts;  ///< of each bucket, not cumulative: bounds.size() + 1
  double sum = 0;
};

struct WatchedHistogram {
  std::string name;
  std::string help;
  std::function<HistogramSample()> read;  ///< thread-safe and quick
};

/// Counters that events feed, and watched numbers, in Prometheus's text format. Thread-safe. No metric names a
/// business: the number of businesses has no bound, and readers of the metrics may not know every business.
class Metrics final : public EventSink {
 public:
  explicit Metrics(std::string version);
  ~Metrics() override;
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void emit(const Event& event) noexcept override;
  /// Throws std::invalid_argument for a name that breaks the rule of names or is taken.
  void watch(Watched watched);
  void watch(WatchedHistogram watched);
  /// The same for a number without labels.
  void watch(MetricKind kind, std::string name, std::string help, std::function<double()> read);
  /// The body of GET /metrics, of type kMetricsContentType.
  [[nodiscard]] std::string text() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

/// Prometheus's text format (exposition format 0.0.4).
inline constexpr std::string_view kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace tapedeck
