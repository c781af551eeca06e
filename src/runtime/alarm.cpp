#include "runtime/alarm.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace tapedeck {
namespace {

// Far enough to stand for "never", near enough not to overflow the clock.
constexpr std::chrono::hours kNever{24 * 365};

}  // namespace

Alarm::Alarm(boost::asio::any_io_executor executor) : state_(std::make_shared<State>(executor)) {}

boost::asio::awaitable<void> Alarm::wait_for(std::chrono::nanoseconds duration) {
  const auto state = state_;
  if (!state->rung) {
    state->timer.expires_after(duration);
    co_await state->timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  }
  state->rung = false;
}

boost::asio::awaitable<void> Alarm::wait() { return wait_for(kNever); }

void Alarm::ring() const {
  boost::asio::post(state_->timer.get_executor(), [state = state_] {
    state->rung = true;
    state->timer.cancel();
  });
}

}  // namespace tapedeck
