#include "main/upkeeping.hpp"

#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "base/encoding.hpp"
#include "provider/registry/registry.hpp"

namespace tapedeck {
namespace {

// Of chance in a lease's holder, which no other process of any host may be.
constexpr std::size_t kHolderBytes = 8;

}  // namespace

Result<std::unique_ptr<Upkeeping>> Upkeeping::make(const SharedParts& parts, Fetching& fetching) {
  auto listing = default_provider().make_listing(fetching.curl(), parts.clock, parts.settings.provider_url);
  if (!listing) return fail(listing.error());
  return std::unique_ptr<Upkeeping>(new Upkeeping(parts, fetching, std::move(*listing)));
}

Upkeeping::Upkeeping(const SharedParts& parts, Fetching& fetching, std::unique_ptr<RecordingListing> listing)
    : listing_(std::move(listing)),
      patient_(*listing_, parts.clock, parts.random),
      webhooks_(parts.calls, parts.requests, parts.clock, parts.events),
      missed_({parts.calls, parts.businesses, patient_, webhooks_, parts.clock, parts.events}),
      storage_(
          {parts.calls, parts.blobs, fetching.source(), parts.businesses, parts.requests, parts.clock, parts.events}),
      upkeep_({parts.calls, parts.slots, parts.requests, missed_, storage_, parts.clock, parts.events},
              fmt::format("{}-{}", ::getpid(), to_hex(parts.random.bytes(kHolderBytes))),
              parts.settings.lists_provider) {}

}  // namespace tapedeck
