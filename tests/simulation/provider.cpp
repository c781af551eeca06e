#include "tests/simulation/provider.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace tapedeck::simulation {
namespace {

constexpr Milliseconds kUsualTransfer{4'000};
// Some take longer than a lease without renewal, and than a drain.
constexpr Milliseconds kLongTransfer{40'000};
constexpr double kLongShare = 0.03;

}  // namespace

// Open from construction to destruction, or until its process dies.
struct Provider::Download {
  Provider& provider;
  std::uint64_t id;

  Download(Provider& owner, const FetchRequest& request, const Life& life)
      : provider(owner), id(owner.next_connection_++) {
    const std::string account = request.media_account.str();
    const std::string recording = request.recording.str();
    int of_account = 1;
    for (const auto& [other_id, other] : provider.open_) {
      if (other.recording == recording) throw Violation("the provider sends one recording twice at once: " + recording);
      of_account += other.account == account ? 1 : 0;
    }
    if (of_account > provider.allowed_.at(account)) {
      throw Violation(fmt::format("the provider sees {} downloads of {}", of_account, account));
    }
    provider.open_.emplace(id, Open{account, recording, &life});
    ++provider.fetches_[recording];
  }
  Download(const Download&) = delete;
  Download& operator=(const Download&) = delete;
  ~Download() { provider.open_.erase(id); }
};

std::string Provider::body_of(const std::string& recording) {
  // An MPEG frame header, then bytes that no other recording has.
  std::string body = "\xff\xfb\x90\x64";
  while (body.size() < 128) body += recording;
  return body;
}

int Provider::fetches_of(const std::string& recording) const {
  const auto found = fetches_.find(recording);
  return found == fetches_.end() ? 0 : found->second;
}

void Provider::close_all_of(const Life& life) {
  std::erase_if(open_, [&life](const auto& item) { return item.second.life == &life; });
}

Result<void> Provider::random_fault() {
  if (!random_.chance(fault_probability)) return {};
  constexpr std::array kFaults{Errc::kProviderNotReady,    Errc::kProviderRateLimited, Errc::kProviderServerError,
                               Errc::kProviderUnreachable, Errc::kProviderTimedOut,    Errc::kMediaTruncated,
                               Errc::kProviderUnauthorized};
  const Errc fault = kFaults[random_.below(kFaults.size())];
  ++counts_[fmt::format("provider: {}", errc_name(fault))];
  return fail(fault, "as the seed wills");
}

Task<FetchOutcome> Provider::fetch(FetchRequest request, FetchSink& sink, std::stop_token stop, Life& life) {
  const Download connection(*this, request, life);
  const std::string body = body_of(request.recording.str());
  auto fault = random_fault();
  const Milliseconds longest = random_.chance(kLongShare) ? kLongTransfer : kUsualTransfer;
  const Milliseconds duration(random_.below(static_cast<std::size_t>(longest.count())));
  const EitherStop either(stop, life.killed.get_token());
  if (poison.contains(request.recording.str())) {
    life.dead = true;
    life.killed.request_stop();
  }
  life.check();

  const FetchHead head{"audio/mpeg", body.size()};
  auto started = co_await sink.start(head);
  if (!started) co_return FetchOutcome{started, false};
  auto first = co_await sink.write(body.substr(0, body.size() / 2));
  life.check();
  if (!first) co_return FetchOutcome{first, true};
  co_await clock_.sleep_for(duration, either.token());
  life.check();
  if (stop.stop_requested()) co_return FetchOutcome{fail(Errc::kCancelled, "stopped"), true};
  if (!fault) co_return FetchOutcome{fault, false};
  auto second = co_await sink.write(body.substr(body.size() / 2));
  life.check();
  co_return FetchOutcome{second, !second};
}

}  // namespace tapedeck::simulation
