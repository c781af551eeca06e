#include "telemetry/metrics.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/event_catalogue.hpp"
#include "domain/events.hpp"
#include "telemetry/event_metrics.hpp"
#include "telemetry/fan_out.hpp"
#include "telemetry/process_metrics.hpp"

namespace tapedeck {
namespace {

using testing::HasSubstr;
using testing::Not;

const BusinessId kBusiness = *BusinessId::parse("secret-business");
const Sid kSid = *Sid::parse("CA11111111111111111111111111111111");

// What `promtool check metrics` says of a text; empty when it is clean.
std::string promtool(const std::string& text) {
  const std::string path = testing::TempDir() + "tapedeck_metrics_test_" + std::to_string(::getpid());
  {
    const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "w"), std::fclose);
    std::fwrite(text.data(), 1, text.size(), file.get());
  }
  FILE* process = ::popen(("promtool check metrics < '" + path + "' 2>&1").c_str(), "r");
  std::string said;
  std::array<char, 4096> buffer{};
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), process))
    said.append(buffer.data(), count);
  const int status = ::pclose(process);
  std::remove(path.c_str());
  return status == 0 ? said : said + "exit status " + std::to_string(status);
}

// An event of this kind with every field: a number where a histogram reads it, else a text.
Event event_for(const EventKind& kind) {
  Event event{kind.severity, kind.glyph, kind.name, {}};
  for (const std::string_view field : kind.fields) {
    if (field.empty()) break;
    const bool is_number = std::ranges::any_of(
        histogram_rules(), [&](const HistogramRule& rule) { return rule.event == kind.name && rule.field == field; });
    if (field == "business_id") {
      event.fields.push_back({field, kBusiness.str()});
    } else if (field == "sid") {
      event.fields.push_back({field, kSid.str()});
    } else if (is_number) {
      event.fields.push_back({field, std::int64_t{1500}});
    } else {
      event.fields.push_back({field, std::string("value")});
    }
  }
  return event;
}

TEST(Metrics, events_are_counted) {
  Metrics metrics("1.2.3");
  metrics.emit(event::recording_enqueue(kBusiness, kSid, 1, 3));
  metrics.emit(event::recording_enqueue(kBusiness, kSid, 2, 3));
  metrics.emit(event::recording_queued(kBusiness, kSid, 3, 3, 1));
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("\ntapedeck_recordings_enqueued_total 2\n"));
  EXPECT_THAT(text, HasSubstr("\ntapedeck_recordings_queued_total 1\n"));
  EXPECT_THAT(text, HasSubstr("\ntapedeck_slots_released_total 0\n"));
  EXPECT_THAT(text, HasSubstr("\ntapedeck_build_info{version=\"1.2.3\"} 1\n"));
}

TEST(Metrics, failures_are_counted_by_cause) {
  Metrics metrics("1");
  for (const char* cause : {"media_truncated", "media_truncated", "provider_absent"}) {
    metrics.emit({Severity::kWarning, "", "RECORDING_FAILED", {{"cause", std::string(cause)}}});
  }
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("tapedeck_recordings_failed_total{cause=\"media_truncated\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("tapedeck_recordings_failed_total{cause=\"provider_absent\"} 1\n"));
}

TEST(Metrics, a_label_takes_a_bounded_number_of_values) {
  Metrics metrics("1");
  for (int i = 0; i < 1000; ++i) {
    metrics.emit({Severity::kWarning, "", "RECORDING_FAILED", {{"cause", "cause_" + std::to_string(i)}}});
  }
  const std::string text = metrics.text();
  std::size_t series = 0;
  for (std::size_t at = text.find("recordings_failed_total{"); at != std::string::npos;
       at = text.find("recordings_failed_total{", at + 1)) {
    ++series;
  }
  EXPECT_LE(series, kLabelValuesMax + 1);
  EXPECT_THAT(text, HasSubstr("tapedeck_recordings_failed_total{cause=\"other\"} 960\n"));
}

TEST(Metrics, every_label_and_every_histogram_reads_a_field_that_its_event_has) {
  const auto has_field = [](const EventKind& kind, std::string_view field) {
    return std::ranges::find(kind.fields, field) != kind.fields.end();
  };
  for (const EventKind& kind : kEventCatalogue) {
    EXPECT_TRUE(kind.counter.label.empty() || has_field(kind, kind.counter.label)) << kind.name;
  }
  for (const HistogramRule& rule : histogram_rules()) {
    const auto* kind = std::ranges::find(kEventCatalogue, rule.event, &EventKind::name);
    ASSERT_NE(kind, kEventCatalogue.end()) << rule.event;
    EXPECT_TRUE(has_field(*kind, rule.field)) << rule.event << " " << rule.field;
  }
}

TEST(Metrics, no_business_and_no_recording_is_named) {
  Metrics metrics("1");
  for (const EventKind& kind : kEventCatalogue) metrics.emit(event_for(kind));
  EXPECT_THAT(metrics.text(), Not(HasSubstr(kBusiness.str())));
  EXPECT_THAT(metrics.text(), Not(HasSubstr(kSid.str())));
}

TEST(Metrics, watched_numbers_are_read_when_asked_for) {
  Metrics metrics("1");
  double waiting = 4;
  metrics.watch({MetricKind::kGauge, "tapedeck_recordings", "Recordings by place.", {"place"}, [&waiting] {
                   return std::vector<Sample>{{{"active"}, 3}, {{"waiting"}, waiting}};
                 }});
  waiting = 7;
  EXPECT_THAT(metrics.text(), HasSubstr("# TYPE tapedeck_recordings gauge\n"
                                        "tapedeck_recordings{place=\"active\"} 3\n"
                                        "tapedeck_recordings{place=\"waiting\"} 7\n"));
}

TEST(Metrics, a_watched_histogram_is_shown_with_cumulative_buckets) {
  Metrics metrics("1");
  metrics.watch({"tapedeck_wait_seconds", "Waits.", [] { return HistogramSample{{0.1, 1}, {4, 2, 1}, 3.5}; }});
  EXPECT_THAT(metrics.text(), HasSubstr("# TYPE tapedeck_wait_seconds histogram\n"
                                        "tapedeck_wait_seconds_count 7\n"
                                        "tapedeck_wait_seconds_sum 3.5\n"
                                        "tapedeck_wait_seconds_bucket{le=\"0.1\"} 4\n"
                                        "tapedeck_wait_seconds_bucket{le=\"1\"} 6\n"
                                        "tapedeck_wait_seconds_bucket{le=\"+Inf\"} 7\n"));
}

TEST(Metrics, what_an_event_measured_goes_into_its_histogram) {
  Metrics metrics("1");
  metrics.emit(
      {Severity::kInfo, "", "RECORDING_STORED", {{"bytes", std::int64_t{100'000}}, {"commit_seconds", 0.004}}});
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("\ntapedeck_recordings_stored_total 1\n"));
  EXPECT_THAT(text, HasSubstr("tapedeck_recording_size_bytes_bucket{le=\"64000\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("tapedeck_recording_size_bytes_bucket{le=\"256000\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\ntapedeck_commit_duration_seconds_sum 0.004\n"));
}

TEST(Metrics, a_number_that_cannot_be_read_hides_no_other) {
  Metrics metrics("1");
  metrics.watch({MetricKind::kGauge, "tapedeck_broken", "Broken.", {}, []() -> std::vector<Sample> {
                   throw std::runtime_error("away");
                 }});
  metrics.watch({MetricKind::kGauge, "tapedeck_whole", "Whole.", {}, [] { return std::vector<Sample>{{{}, 1}}; }});
  EXPECT_THAT(metrics.text(), Not(HasSubstr("tapedeck_broken")));
  EXPECT_THAT(metrics.text(), HasSubstr("\ntapedeck_whole 1\n"));
}

TEST(Metrics, a_name_that_breaks_the_rule_or_was_given_before_is_refused) {
  Metrics metrics("1");
  const auto read = [] { return std::vector<Sample>{}; };
  for (const char* name :
       {"requests_total", "tapedeck_requests", "tapedeck_Requests_total", "tapedeck_slots_released_total"}) {
    EXPECT_THROW(metrics.watch({MetricKind::kCounter, name, "Help.", {}, read}), std::invalid_argument) << name;
  }
}

TEST(Metrics, promtool_finds_nothing_to_say) {
  Metrics metrics("1");
  watch_process(metrics);
  metrics.watch({"tapedeck_wait_seconds", "Waits.", [] { return HistogramSample{{0.1, 1}, {4, 2, 1}, 3.5}; }});
  for (const EventKind& kind : kEventCatalogue) metrics.emit(event_for(kind));
  EXPECT_EQ(promtool(metrics.text()), "");
  // The check itself can fail.
  EXPECT_NE(promtool("# TYPE bad_total gauge\nbad_total 1\n"), "");
}

TEST(ProcessMetrics, tell_of_this_process) {
  Metrics metrics("1");
  watch_process(metrics);
  const std::string text = metrics.text();
  for (const char* name :
       {"process_resident_memory_bytes", "process_open_fds", "process_max_fds", "process_start_time_seconds"}) {
    const std::size_t at = text.find("\n" + std::string(name) + " ");
    ASSERT_NE(at, std::string::npos) << name;
    EXPECT_GT(std::stod(text.substr(at + 2 + std::string(name).size())), 0) << name;
  }
}

TEST(FanOut, hands_each_event_to_every_sink) {
  Metrics first("1");
  Metrics second("1");
  FanOut both({&first, &second});
  both.emit(event::recording_enqueue(kBusiness, kSid, 1, 3));
  EXPECT_THAT(first.text(), HasSubstr("tapedeck_recordings_enqueued_total 1\n"));
  EXPECT_THAT(second.text(), HasSubstr("tapedeck_recordings_enqueued_total 1\n"));
}

}  // namespace
}  // namespace tapedeck
