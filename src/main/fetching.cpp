#include "main/fetching.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "app/upkeep/source_deletions.hpp"
#include "domain/events.hpp"
#include "media/measuring.hpp"
#include "provider/registry/registry.hpp"

namespace tapedeck {

namespace {

// The provider sends a download on to the host of its media.
constexpr std::size_t kHostsOfADownload = 2;

// So that no download has to connect anew while others run.
std::size_t connections_for(const Settings& settings) {
  return std::max(kConnectionsKept, kHostsOfADownload * static_cast<std::size_t>(settings.downloads_max));
}

}  // namespace

Fetching::Fetching(const SharedParts& parts) : parts_(parts), curl_(connections_for(parts.settings)) {}

Result<std::unique_ptr<Fetching>> Fetching::make(const SharedParts& parts) {
  std::unique_ptr<Fetching> fetching(new Fetching(parts));
  auto source = default_provider().make_source(fetching->curl_, parts.clock, parts.settings.provider_url);
  if (!source) return fail(source.error());
  fetching->source_ = std::move(*source);
  const auto threads = static_cast<std::size_t>(parts.settings.peaks_threads);
  if (threads > 0) fetching->meter_ = std::make_unique<SndfileAudioMeter>(threads);
  return fetching;
}

Task<> Fetching::run(boost::asio::any_io_executor executor, WorkerOptions options, std::stop_token stop) {
  const FetchJob::Dependencies dependencies{parts_.calls,      parts_.slots, parts_.blobs,    *source_,
                                            parts_.businesses, parts_.clock, parts_.random,   parts_.events,
                                            parts_.progress,   backoff_,     parts_.requests, parts_.recovery};
  std::optional<Measuring> measuring;
  TaskScope scope(executor, [this](std::exception_ptr) { parts_.events.emit(event::upkeep_failed()); });
  if (meter_) {
    const Measuring::Dependencies parts{parts_.calls, parts_.blobs, *meter_, parts_.clock, parts_.events};
    const bool is_alone = role_of(parts_.settings) == Role::kAlone;
    measuring.emplace(executor, parts, Measuring::Options{parts_.settings.peaks_threads, is_alone});
    options.stored = [&measuring] { measuring->ring(); };
    scope.spawn(measuring->run(stop));
  }
  Worker worker(executor, dependencies, std::move(options));
  scope.spawn(worker.run(std::move(stop)));
  co_await scope.join();
}

Task<> Fetching::delete_sources(std::stop_token stop) {
  const SourceDeletions::Parts parts{parts_.calls,      parts_.blobs, *source_,
                                     parts_.businesses, parts_.clock, parts_.events};
  SourceDeletions deletions(parts);
  co_await deletions.run(std::move(stop));
}

}  // namespace tapedeck
