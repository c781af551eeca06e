#include "main/fetching.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "media/measuring.hpp"
#include "runtime/describe.hpp"
#include "runtime/keep_running.hpp"

namespace tapedeck {
namespace {

// The provider redirects a download to the host of its media.
constexpr std::size_t kHostsOfADownload = 2;

// As many as may be open at once, so that no download has to connect anew while others run.
std::size_t connections_for(const Settings& settings) {
  return std::max(kConnectionsKept, kHostsOfADownload * static_cast<std::size_t>(settings.downloads_max));
}

TaskScope::FailureHandler report_to(EventSink& events, std::string_view task) {
  return [&events, task](std::exception_ptr failure) {
    events.emit({Severity::kError, "", "UPKEEP_FAILED", {{"task", std::string(task)}, {"detail", describe(failure)}}});
  };
}

}  // namespace

Fetching::Fetching(const SharedParts& parts) : parts_(parts), curl_(connections_for(parts.settings)) {}

Result<std::unique_ptr<Fetching>> Fetching::make(const SharedParts& parts) {
  std::unique_ptr<Fetching> fetching(new Fetching(parts));
  TwilioOptions options;
  options.base_url = parts.settings.provider_url;
  auto source = TwilioRecordingSource::make(fetching->curl_, parts.clock, options);
  if (!source) return fail(source.error());
  fetching->source_ = std::move(*source);
  const auto threads = static_cast<std::size_t>(parts.settings.peaks_threads);
  if (threads > 0) fetching->meter_ = std::make_unique<SndfileAudioMeter>(threads);
  return fetching;
}

Task<> Fetching::run(boost::asio::any_io_executor executor, Pulse pulse, std::stop_token stop) {
  const FetchJob::Dependencies dependencies{parts_.calls,      parts_.slots, parts_.blobs,    *source_,
                                            parts_.businesses, parts_.clock, parts_.random,   parts_.events,
                                            parts_.progress,   backoff_,     parts_.requests, parts_.recovery};
  WorkerOptions options;
  options.name = parts_.process_name;
  options.max_downloads = parts_.settings.downloads_max;
  options.drain_grace = parts_.settings.shutdown_grace;
  options.pulse = std::move(pulse);
  std::optional<Measuring> measuring;
  TaskScope scope(executor, report_to(parts_.events, "worker"));
  if (meter_) {
    const Measuring::Dependencies parts{parts_.calls, parts_.blobs, *meter_, parts_.clock, parts_.events};
    const bool is_alone = role_of(parts_.settings) == Role::kAlone;
    measuring.emplace(executor, parts, Measuring::Options{parts_.settings.peaks_threads, is_alone});
    options.stored = [&measuring] { measuring->ring(); };
    const auto measure = [&measuring, stop] { return measuring->run(stop); };
    scope.spawn(keep_running(measure, report_to(parts_.events, "measure"), parts_.clock, stop));
  }
  Worker worker(executor, dependencies, std::move(options));
  scope.spawn(worker.run(std::move(stop)));
  co_await scope.join();
}

}  // namespace tapedeck
