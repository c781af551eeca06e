#include "curl/driver.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <pthread.h>

#include "curl/easy_handle.hpp"

namespace tapedeck {
namespace {

// Longest wait of an idle loop; commands interrupt it.
constexpr Milliseconds kIdleWait{60'000};

struct Deadline {
  DriverClock::time_point at;
  const char* what;
};

// The deadline that ends the transfer next. While it waits for its consumer, only the total time counts.
Deadline next_deadline(const TransferState& state) {
  const CurlLimits& limits = state.request.limits;
  Deadline next{state.started_at + limits.total_timeout, "took too long altogether"};
  const auto consider = [&next](DriverClock::time_point at, const char* what) {
    if (at < next.at) next = {at, what};
  };
  if (!state.request_sent) {
    // libcurl watches the first half itself; the second is for a resolver that does not return.
    consider(state.started_at + 2 * limits.connect_timeout, "no connection");
  } else if (!state.head_complete) {
    consider(state.sent_at + limits.answer_timeout, "no answer");
  } else if (!state.waits_for_consumer) {
    consider(state.last_byte_at + limits.idle_timeout, "no byte");
    consider(state.speed.ends_at(), "too slow");
  }
  return next;
}

}  // namespace

CurlDriver::CurlDriver(std::size_t connections_kept, std::size_t transfers_max) : transfers_max_(transfers_max) {
  prepare_libcurl();
  multi_.reset(curl_multi_init());
  curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(connections_kept));
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "curl");
    run();
  });
}

CurlDriver::~CurlDriver() { stop(); }

void CurlDriver::post(Order order, std::shared_ptr<TransferState> state) {
  std::unique_lock lock(mutex_);
  if (std::optional<CurlError> refusal = refusal_of(order)) {
    lock.unlock();
    state->end(std::move(refusal), false);
    return;
  }
  if (order == Order::kStart) ++active_;
  inbox_.push_back({order, std::move(state)});
  (void)curl_multi_wakeup(multi_.get());
}

// Called with the mutex held.
std::optional<CurlError> CurlDriver::refusal_of(Order order) const {
  if (stopping_) return CurlError{CurlFailure::kCancelled, "shutting down"};
  if (order != Order::kStart || active_ < transfers_max_) return std::nullopt;
  return CurlError{CurlFailure::kUnreachable,
                   fmt::format("not started: {} transfers run already, the most at once", transfers_max_)};
}

void CurlDriver::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  (void)curl_multi_wakeup(multi_.get());
  if (thread_.joinable()) thread_.join();
}

void CurlDriver::run() {
  while (take_commands()) {
    int running = 0;
    (void)curl_multi_perform(multi_.get(), &running);
    collect_done();
    end_late();
    (void)curl_multi_poll(multi_.get(), nullptr, 0, wait_ms(), nullptr);
  }
  while (!transfers_.empty()) {
    TransferState& state = *transfers_.begin()->second;
    end(state, CurlError{CurlFailure::kCancelled, "shutting down"}, state.request_sent);
  }
}

// False when it is time to stop.
bool CurlDriver::take_commands() {
  std::vector<Command> commands;
  bool stopping = false;
  {
    const std::scoped_lock lock(mutex_);
    commands.swap(inbox_);
    stopping = stopping_;
  }
  for (const Command& command : commands) {
    TransferState& state = *command.state;
    switch (command.order) {
      case Order::kStart: begin(command.state); break;
      case Order::kCancel:
        if (state.easy != nullptr) end(state, CurlError{CurlFailure::kCancelled, "cancelled"}, state.request_sent);
        break;
      case Order::kResume:
        if (state.easy != nullptr) resume(state);
        break;
    }
  }
  return !stopping;
}

void CurlDriver::begin(const std::shared_ptr<TransferState>& state) {
  state->started_at = DriverClock::now();
  state->easy = make_easy_handle(*state);
  if (state->easy == nullptr || curl_multi_add_handle(multi_.get(), state->easy) != CURLM_OK) {
    curl_easy_cleanup(std::exchange(state->easy, nullptr));
    --active_;
    state->end(CurlError{CurlFailure::kUnreachable, "out of memory"}, false);
    return;
  }
  transfers_.emplace(state->easy, state);
}

// The consumer caused the wait, so the provider's deadlines start anew.
void CurlDriver::resume(TransferState& state) {
  state.waits_for_consumer = false;
  state.last_byte_at = DriverClock::now();
  state.sent_at = state.last_byte_at;
  state.speed.restart(state.last_byte_at);
  (void)curl_easy_pause(state.easy, CURLPAUSE_CONT);
}

void CurlDriver::collect_done() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const auto found = transfers_.find(message->easy_handle);
    if (found == transfers_.end()) continue;
    TransferState& state = *found->second;
    const CURLcode result = message->data.result;
    if (result == CURLE_OK) {
      end(state, std::nullopt, false);
    } else {
      // Only a callback of ours ends a transfer that the other side would have continued.
      end(state, error_of_result(result, state), state.verdict.has_value() && state.request_sent);
    }
  }
}

void CurlDriver::end_late() {
  const auto now = DriverClock::now();
  std::vector<std::pair<std::shared_ptr<TransferState>, const char*>> late;
  for (const auto& [easy, state] : transfers_) {
    // If this window was fast enough, the next one starts here.
    if (state->head_complete && !state->waits_for_consumer) (void)state->speed.is_too_slow(now);
    const Deadline deadline = next_deadline(*state);
    if (now >= deadline.at) late.emplace_back(state, deadline.what);
  }
  for (const auto& [state, what] : late) {
    const auto seconds = std::chrono::duration<double>(now - state->started_at).count();
    const CurlFailure failure = state->request_sent ? CurlFailure::kTimedOut : CurlFailure::kUnreachable;
    end(*state, CurlError{failure, fmt::format("{}, given up after {:.1f} s", what, seconds)}, state->request_sent);
  }
}

// Removing a handle whose answer is incomplete closes its connection at once, so the consumer hears of the end after
// the close.
void CurlDriver::end(TransferState& state, std::optional<CurlError> error, bool cut_by_us) {
  CURL* easy = std::exchange(state.easy, nullptr);
  const auto node = transfers_.extract(easy);
  (void)curl_multi_remove_handle(multi_.get(), easy);
  curl_easy_cleanup(easy);
  --active_;
  state.end(std::move(error), cut_by_us);
}

int CurlDriver::wait_ms() const {
  const auto now = DriverClock::now();
  auto wait = std::chrono::duration_cast<DriverClock::duration>(kIdleWait);
  for (const auto& [easy, state] : transfers_) wait = std::min(wait, next_deadline(*state).at - now);
  return static_cast<int>(std::max<std::int64_t>(std::chrono::ceil<Milliseconds>(wait).count(), 0));
}

}  // namespace tapedeck
