#include "telemetry/metrics.hpp"

#include <algorithm>
#include <limits>
#include <mutex>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <unordered_map>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "domain/event_catalogue.hpp"
#include "telemetry/event_metrics.hpp"

namespace tapedeck {
namespace {

constexpr std::string_view kOther = "other";

const Event::Value* find_field(const Event& event, std::string_view name) {
  const auto found = std::ranges::find(event.fields, name, &Event::Field::name);
  return found == event.fields.end() ? nullptr : &found->value;
}

std::optional<double> number_of(const Event::Value* value) {
  if (value == nullptr) return std::nullopt;
  if (const auto* number = std::get_if<std::int64_t>(value)) return static_cast<double>(*number);
  if (const auto* real = std::get_if<double>(value)) return *real;
  return std::nullopt;
}

bool is_metric_name(std::string_view name, MetricKind kind) {
  const bool known_prefix = name.starts_with("tapedeck_") || name.starts_with("process_");
  const bool plain =
      std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
  return known_prefix && plain && name.ends_with("_total") == (kind == MetricKind::kCounter);
}

// The counter of one kind of event, with one child for each value of its label.
class EventCounter {
 public:
  EventCounter(const EventMetric& metric, prometheus::Registry& registry)
      : label_(metric.label),
        family_(prometheus::BuildCounter()
                    .Name(std::string(metric.name))
                    .Help(std::string(metric.help))
                    .Register(registry)) {
    // Without a label the series exists from the start: a rate needs a zero to begin with.
    if (label_.empty()) plain_ = &family_.Add({});
  }

  void count(const Event& event) {
    if (plain_ != nullptr) return plain_->Increment();
    const auto* field = find_field(event, label_);
    const auto* text = field == nullptr ? nullptr : std::get_if<std::string>(field);
    std::string value = text == nullptr ? std::string(kOther) : *text;
    const std::scoped_lock lock(mutex_);
    if (!values_.contains(value)) {
      if (values_.size() >= kLabelValuesMax) value = kOther;
      values_.insert(value);
    }
    family_.Add({{std::string(label_), value}}).Increment();
  }

 private:
  const std::string_view label_;
  prometheus::Family<prometheus::Counter>& family_;
  prometheus::Counter* plain_ = nullptr;
  std::mutex mutex_;
  std::set<std::string> values_;
};

class EventHistogram {
 public:
  EventHistogram(const HistogramRule& rule, prometheus::Registry& registry)
      : rule_(rule),
        histogram_(prometheus::BuildHistogram()
                       .Name(std::string(rule.metric))
                       .Help(std::string(rule.help))
                       .Register(registry)
                       .Add({}, rule.bounds)) {}

  void observe(const Event& event) {
    const std::optional<double> number = number_of(find_field(event, rule_.field));
    if (number) histogram_.Observe(*number);
  }

 private:
  const HistogramRule& rule_;
  prometheus::Histogram& histogram_;
};

prometheus::MetricFamily collect(const Watched& watched) {
  prometheus::MetricFamily family;
  family.name = watched.name;
  family.help = watched.help;
  const bool counter = watched.kind == MetricKind::kCounter;
  family.type = counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
  for (const Sample& sample : watched.read()) {
    prometheus::ClientMetric metric;
    for (std::size_t i = 0; i < watched.labels.size(); ++i) {
      metric.label.push_back({watched.labels[i], sample.label_values.at(i)});
    }
    if (counter)
      metric.counter.value = sample.value;
    else
      metric.gauge.value = sample.value;
    family.metric.push_back(std::move(metric));
  }
  return family;
}

prometheus::MetricFamily collect(const WatchedHistogram& watched) {
  const HistogramSample sample = watched.read();
  prometheus::ClientMetric metric;
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < sample.counts.size(); ++i) {
    cumulative += sample.counts[i];
    const bool last = i >= sample.bounds.size();
    metric.histogram.bucket.push_back({cumulative, last ? std::numeric_limits<double>::infinity() : sample.bounds[i]});
  }
  metric.histogram.sample_count = cumulative;
  metric.histogram.sample_sum = sample.sum;
  return {watched.name, watched.help, prometheus::MetricType::Histogram, {metric}};
}

// Reads what others keep. One number that cannot be read must not hide the rest.
template <class Kind>
void append(std::vector<prometheus::MetricFamily>& families, const std::vector<Kind>& watched) {
  for (const Kind& one : watched) {
    try {
      families.push_back(collect(one));
    } catch (const std::exception&) {
      continue;
    }
  }
}

}  // namespace

class Metrics::State {
 public:
  State() {
    for (const EventKind& kind : kEventCatalogue) {
      if (kind.counter.name.empty()) continue;
      counters_[kind.name] = std::make_unique<EventCounter>(kind.counter, registry_);
      names_.emplace(kind.counter.name);
    }
    for (const HistogramRule& rule : histogram_rules()) {
      histograms_[rule.event].push_back(std::make_unique<EventHistogram>(rule, registry_));
      names_.emplace(rule.metric);
    }
  }

  void count(const Event& event) {
    if (const auto found = counters_.find(event.name); found != counters_.end()) found->second->count(event);
    if (const auto found = histograms_.find(event.name); found != histograms_.end()) {
      for (const auto& histogram : found->second) histogram->observe(event);
    }
  }

  void watch(Watched watched) {
    const std::scoped_lock lock(mutex_);
    take_name(watched.name, watched.kind);
    watched_.push_back(std::move(watched));
  }

  void watch(WatchedHistogram watched) {
    const std::scoped_lock lock(mutex_);
    take_name(watched.name, MetricKind::kGauge);
    histograms_watched_.push_back(std::move(watched));
  }

  std::string text() const {
    std::vector<prometheus::MetricFamily> families = registry_.Collect();
    const std::scoped_lock lock(mutex_);
    append(families, watched_);
    append(families, histograms_watched_);
    std::erase_if(families, [](const prometheus::MetricFamily& family) { return family.metric.empty(); });
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families);
    return std::move(out).str();
  }

 private:
  void take_name(const std::string& name, MetricKind kind) {
    if (!is_metric_name(name, kind)) throw std::invalid_argument("not a metric's name: " + name);
    if (!names_.insert(name).second) throw std::invalid_argument("a metric has this name: " + name);
  }

  prometheus::Registry registry_{prometheus::Registry::InsertBehavior::Throw};
  // Keys are views of the literals of the catalogue and of the rules; built once, then only read.
  std::unordered_map<std::string_view, std::unique_ptr<EventCounter>> counters_;
  std::unordered_map<std::string_view, std::vector<std::unique_ptr<EventHistogram>>> histograms_;
  mutable std::mutex mutex_;
  std::set<std::string, std::less<>> names_;
  std::vector<Watched> watched_;
  std::vector<WatchedHistogram> histograms_watched_;
};

Metrics::Metrics(std::string version) : state_(std::make_unique<State>()) {
  watch({MetricKind::kGauge,
         "tapedeck_build_info",
         "Always 1; the label names the version that runs.",
         {"version"},
         [version = std::move(version)] { return std::vector<Sample>{{{version}, 1}}; }});
}

Metrics::~Metrics() = default;

void Metrics::emit(const Event& event) noexcept {
  try {
    state_->count(event);
  } catch (...) {
    // No memory for a new series: what is counted already stays right.
  }
}

void Metrics::watch(Watched watched) { state_->watch(std::move(watched)); }

void Metrics::watch(WatchedHistogram watched) { state_->watch(std::move(watched)); }

std::string Metrics::text() const { return state_->text(); }

}  // namespace tapedeck
