#pragma once

#include <functional>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

namespace tapedeck::sqlite {

/// Calls on their way from a thread of the database to the event loops. To wake a loop costs more than the call, so all
/// that a batch has for one loop goes there together.
class LoopCalls {
 public:
  using Call = std::move_only_function<void()>;
  /// Keeps the loop running until the call is made.
  using Guard = boost::asio::executor_work_guard<boost::asio::any_io_executor>;

  void add(Guard guard, Call call) {
    for (Bundle& bundle : bundles_) {
      if (bundle.guard.get_executor() != guard.get_executor()) continue;
      bundle.calls.push_back(std::move(call));
      return;
    }
    bundles_.push_back(Bundle{std::move(guard), {}});
    bundles_.back().calls.push_back(std::move(call));
  }

  void send() {
    for (Bundle& bundle : bundles_) {
      // Until post() has returned the loop must not end: a loop that ends is often destroyed next, and post() still
      // wakes it after the tasks may have gone on.
      const Guard keep = bundle.guard;
      boost::asio::post(keep.get_executor(), std::move(bundle));
    }
    bundles_.clear();
  }

 private:
  struct Bundle {
    Guard guard;
    std::vector<Call> calls;

    void operator()() {
      for (Call& call : calls) std::exchange(call, nullptr)();
    }
  };

  std::vector<Bundle> bundles_;  // a handful: one for each loop
};

}  // namespace tapedeck::sqlite
