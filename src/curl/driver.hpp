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

/// The thread that runs all transfers of a client, in one loop: take commands, let libcurl work, end what is done or
/// late, wait. Commands come from any thread; everything of libcurl is touched by this thread alone.
class CurlDriver {
 public:
  enum class Order { kStart, kCancel, kResume };

  explicit CurlDriver(std::size_t connections_kept);
  CurlDriver(const CurlDriver&) = delete;
  CurlDriver& operator=(const CurlDriver&) = delete;
  ~CurlDriver();

  void post(Order order, std::shared_ptr<TransferState> state);
  /// Cancels everything and joins. What is posted later ends at once.
  void stop();
  [[nodiscard]] std::size_t active() const noexcept { return active_count_; }

 private:
  struct Command {
    Order order;
    std::shared_ptr<TransferState> state;
  };
  struct FreeMulti {
    void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
  };

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
  std::atomic<std::size_t> active_count_{0};

  std::mutex mutex_;
  std::vector<Command> inbox_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tapedeck
