#include "main/upkeeping.hpp"

#include <utility>

#include "provider/registry/registry.hpp"

namespace tapedeck {

Result<std::unique_ptr<Upkeeping>> Upkeeping::make(const SharedParts& parts, Fetching& fetching) {
  auto listing = default_provider().make_listing(fetching.curl(), parts.clock, parts.settings.provider_url);
  if (!listing) return fail(listing.error());
  return std::unique_ptr<Upkeeping>(new Upkeeping(parts, fetching, std::move(*listing)));
}

Upkeeping::Upkeeping(const SharedParts& parts, Fetching& fetching, std::unique_ptr<RecordingListing> listing)
    : listing_(std::move(listing)),
      patient_(*listing_, parts.clock, parts.random),
      webhooks_(parts.calls, parts.calls, parts.requests, parts.clock, parts.events),
      backlog_(parts.calls, parts.clock),
      worker_({parts.calls, parts.slots, parts.blobs, fetching.source(), patient_, parts.businesses, parts.requests,
               webhooks_, backlog_, parts.clock, parts.events},
              {.holder = parts.process_name,
               .lists_provider = parts.settings.lists_provider,
               .collects_uploads = !parts.settings.storage_url.empty()}) {}

}  // namespace tapedeck
