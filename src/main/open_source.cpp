#include "main/open_source.hpp"

#include <stdexcept>
#include <utility>

#include "curl/client.hpp"
#include "provider/registry/registry.hpp"
#include "runtime/system_clock.hpp"

namespace tapedeck {
namespace {

// What speaks to the provider, after the objects that it borrows.
template <class Port>
struct Owned {
  SystemClock clock;
  CurlClient client;
  std::unique_ptr<Port> port;
};

template <class Port, class Make>
std::shared_ptr<Port> open_port(Make make, const Settings& settings) {
  const auto owned = std::make_shared<Owned<Port>>();
  auto made = make(owned->client, owned->clock, settings.provider_url);
  if (!made) throw std::invalid_argument(made.error().detail);
  owned->port = std::move(*made);
  return {owned, owned->port.get()};
}

}  // namespace

std::shared_ptr<RecordingSource> open_provider(const Settings& settings) {
  return open_port<RecordingSource>(default_provider().make_source, settings);
}

std::shared_ptr<RecordingListing> open_provider_listing(const Settings& settings) {
  return open_port<RecordingListing>(default_provider().make_listing, settings);
}

}  // namespace tapedeck
