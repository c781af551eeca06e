#include "runtime/suspend.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>

namespace tapedeck {
namespace {

// A function object rather than a lambda, because GCC 12 miscompiles capturing lambdas within an awaiting expression.
struct Initiation {
  std::move_only_function<void(Resumption)>* start;

  template <class Handler>
  void operator()(Handler&& handler) const {
    const boost::asio::any_io_executor executor = boost::asio::get_associated_executor(handler);
    auto begin = std::move(*start);  // the caller's frame may be gone before it returns
    begin(Resumption(executor, std::forward<Handler>(handler)));
  }
};

}  // namespace

void Resumption::post() && {
  // Until Asio's post() has returned the loop must not end: a loop that ends is often destroyed next, and post() still
  // wakes it after the task may have gone on.
  const auto keep = guard_;
  boost::asio::post(keep.get_executor(), [self = std::move(*this)]() mutable { std::move(self).run(); });
}

Task<> suspend(std::move_only_function<void(Resumption)> start) {
  const Initiation initiation{&start};
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(initiation,
                                                                                     boost::asio::use_awaitable);
}

}  // namespace tapedeck
