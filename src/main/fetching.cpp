#include "main/fetching.hpp"

#include <utility>

#include "app/source_deletions.hpp"

namespace tapedeck {

Result<std::unique_ptr<Fetching>> Fetching::make(const SharedParts& parts) {
  std::unique_ptr<Fetching> fetching(new Fetching(parts));
  TwilioOptions options;
  options.base_url = parts.settings.provider_url;
  auto source = TwilioRecordingSource::make(fetching->curl_, parts.clock, options);
  if (!source) return fail(source.error());
  fetching->source_ = std::move(*source);
  return fetching;
}

Task<> Fetching::run(boost::asio::any_io_executor executor, WorkerOptions options, std::stop_token stop) {
  const FetchJob::Dependencies dependencies{parts_.calls,      parts_.slots, parts_.blobs,    *source_,
                                            parts_.businesses, parts_.clock, parts_.random,   parts_.events,
                                            parts_.progress,   backoff_,     parts_.requests, parts_.recovery};
  Worker worker(executor, dependencies, std::move(options));
  co_await worker.run(std::move(stop));
}

Task<> Fetching::delete_sources(std::stop_token stop) {
  const SourceDeletions::Parts parts{parts_.calls,      parts_.blobs, *source_,
                                     parts_.businesses, parts_.clock, parts_.events};
  SourceDeletions deletions(parts);
  co_await deletions.run(std::move(stop));
}

}  // namespace tapedeck
