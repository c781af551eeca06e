#include "calls/waiting_rows.hpp"

namespace tapedeck {

Task<Result<std::vector<WaitingRecording>>> WaitingRows::next() {
  if (pages_left_ == 0) co_return std::vector<WaitingRecording>{};
  auto page = business_ ? store_.waiting_of(*business_, after_, kWaitingPage) : store_.waiting(after_, kWaitingPage);
  auto rows = co_await std::move(page);
  if (!rows) co_return fail(rows.error());
  --pages_left_;
  if (rows->size() < static_cast<std::size_t>(kWaitingPage)) pages_left_ = 0;
  if (!rows->empty()) after_ = rows->back().wanted_order;
  co_return rows;
}

}  // namespace tapedeck
