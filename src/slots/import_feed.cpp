#include "slots/import_feed.hpp"

#include <utility>

namespace tapedeck {

Task<Result<int>> feed_fetches(CallStore& calls, SlotStore& slots, SlotRequests& requests, BusinessId business,
                               SystemTime now) {
  auto waiting = co_await calls.waiting_fetches(business, now, slots.fetch_window());
  if (!waiting) co_return fail(waiting.error());
  if (waiting->empty()) co_return 0;
  auto known = co_await slots.known(business, *waiting);
  if (!known && known.error().errc() != Errc::kSlotsLost) co_return fail(known.error());
  // The business is lost: the first request rebuilds it, and the next call finds what is missing then.
  if (!known) waiting->resize(1);
  // The missing ones stand behind the window, and come with a refill.
  if (known && known->has_beyond) co_return 0;
  int asked = 0;
  for (std::size_t i = 0; i < waiting->size(); ++i) {
    if (known && known->known[i]) continue;
    const Sid sid = (*waiting)[i];
    auto answer = co_await requests.ask(business, sid, Lane::kFetch);
    if (!answer) co_return fail(answer.error());
    ++asked;
  }
  co_return asked;
}

}  // namespace tapedeck
