#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "provider/recording_listing.hpp"

namespace tapedeck {

/// A provider's list in memory, with pages of `page_size` recordings. One thread only.
class ScriptedListing final : public RecordingListing {
 public:
  std::vector<ListedRecording> recordings;  ///< newest first
  std::map<CallSid, CallUpdate> calls;
  std::size_t page_size = 3;
  /// Asked before each page; an error is answered in its place.
  std::function<Result<void>(const ListingRequest&)> before_page = [](const ListingRequest&) { return Result<void>(); };
  std::function<Result<void>(const CallSid&)> before_call = [](const CallSid&) { return Result<void>(); };
  std::vector<ListingRequest> asked;
  int calls_asked = 0;

  Task<Result<ListingPage>> list(ListingRequest request, std::stop_token stop) override {
    asked.push_back(request);
    if (stop.stop_requested()) co_return fail(Errc::kCancelled, "stopped");
    const Result<void> allowed = before_page(request);
    if (!allowed) co_return fail(allowed.error());
    ListingPage page;
    std::size_t at = request.page.empty() ? 0 : std::stoul(request.page);
    for (; at < recordings.size() && page.recordings.size() < page_size; ++at) {
      const ListedRecording& one = recordings[at];
      const bool is_early = request.since && one.created_at < *request.since;
      const bool is_late = request.until && one.created_at >= *request.until;
      if (one.told.account == request.login.account && !is_early && !is_late) page.recordings.push_back(one);
    }
    if (at < recordings.size()) page.next = fmt::format("{}", at);
    co_return page;
  }

  Task<Result<std::optional<CallUpdate>>> describe_call(ProviderLogin, CallSid call, std::stop_token) override {
    ++calls_asked;
    const Result<void> allowed = before_call(call);
    if (!allowed) co_return fail(allowed.error());
    const auto found = calls.find(call);
    if (found == calls.end()) co_return std::nullopt;
    co_return found->second;
  }
};

}  // namespace tapedeck
