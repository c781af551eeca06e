#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include <curl/curl.h>

#include "curl/transfer_state.hpp"

namespace tapedeck {

/// The thread that runs all transfers of a client, in one loop: take commands, let libcurl work, end transfers that are
/// done or late, wait. Commands come from any thread; only this thread touches libcurl.
class CurlDriver {
 public:
  enum class Order { kStart, kCancel, kResume };

  CurlDriver(std::size_t connections_kept, std::size_t transfers_max);
  CurlDriver(const CurlDriver&) = delete;
  CurlDriver& operator=(const CurlDriver&) = delete;
  ~CurlDriver();

  /// A kStart beyond `transfers_max` ends its transfer with kUnreachable. A transfer is cancelled once at most, and
  /// each of its directions resumed once for each pause, so commands are bounded by transfers.
  void post(Order order, std::shared_ptr<TransferState> state);
  /// Cancels all transfers and joins. A transfer that is posted later ends at once.
  void stop();
  [[nodiscard]] std::size_t active() const noexcept { return active_; }

 private:
  struct Command {
    Order order;
    std::shared_ptr<TransferState> state;
  };
  struct FreeMulti {
    void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
  };

  [[nodiscard]] std::optional<CurlError> refusal_of(Order order) const;
  void run();
  [[nodiscard]] bool take_commands();
  void begin(const std::shared_ptr<TransferState>& state);
  void resume(TransferState& state);
  void collect_done();
  void end_late();
  void end(TransferState& state, std::optional<CurlError> error, bool cut_by_us);
  [[nodiscard]] int wait_ms() const;

  std::unique_ptr<CURLM, FreeMulti> multi_;
  std::unordered_map<CURL*, std::shared_ptr<TransferState>> transfers_;
  const std::size_t transfers_max_;
  std::atomic<std::size_t> active_{0};  // accepted and not ended

  std::mutex mutex_;
  std::vector<Command> inbox_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tapedeck
