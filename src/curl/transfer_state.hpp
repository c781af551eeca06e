#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include <curl/curl.h>

#include "curl/client.hpp"
#include "curl/speed_window.hpp"

// One transfer, between the driver's thread, which feeds it, and a coroutine, which consumes it. Each side has its own
// part; a mutex guards what both touch. Nobody waits while holding the mutex.

namespace tapedeck {

using DriverClock = std::chrono::steady_clock;

/// What a consumer waits for. The end of the transfer fulfils every wish.
enum class TransferWish { kRoom, kHead, kBytes, kEnd };

struct FreeHeaders {
  void operator()(curl_slist* headers) const noexcept { curl_slist_free_all(headers); }
};

struct TransferState {
  using Waiter = std::move_only_function<void()>;

  explicit TransferState(CurlRequest wanted)
      : request(std::move(wanted)), speed(request.limits.low_speed_bytes_per_second, request.limits.low_speed_window) {}

  const CurlRequest request;

  // The driver's part.

  CURL* easy = nullptr;
  std::unique_ptr<curl_slist, FreeHeaders> headers;  // libcurl keeps pointers to them
  char error_text[CURL_ERROR_SIZE] = {};
  CurlHead arriving;             // headers so far
  std::size_t header_bytes = 0;  // of all answers, including informational ones
  std::uint64_t body_bytes = 0;
  std::size_t body_sent = 0;  // of request.body
  bool request_sent = false;
  bool head_complete = false;
  bool waits_for_consumer = false;   // from a refused offer() to the next resume
  std::optional<CurlError> verdict;  // why a callback stops the transfer
  DriverClock::time_point started_at;
  DriverClock::time_point sent_at;  // of the request's last byte so far
  DriverClock::time_point last_byte_at;
  SpeedWindow speed;

  /// Takes bytes of the body. False: it took none, and the transfer must pause until the consumer has read.
  [[nodiscard]] bool offer(std::string_view bytes);
  /// Returns bytes of a streamed body, up to out.size(). None: none have come, and the transfer must pause.
  [[nodiscard]] std::size_t take_upload(std::span<char> out);
  void announce_head(CurlHead head);
  /// Ends it. The connection must be gone before this is called.
  void end(std::optional<CurlError> error, bool cut_by_us);

  // The consumer's part.

  /// Calls `waiter` once the wish is fulfilled, perhaps at once.
  void when(TransferWish wish, Waiter waiter);
  /// False once no more bytes are wanted. `resume`: the transfer had paused and may go on.
  [[nodiscard]] bool put_upload(std::string bytes, bool& resume);
  [[nodiscard]] CurlResult<CurlHead> take_head();
  /// Takes all bytes that have come. `resume`: the transfer had paused and may go on.
  [[nodiscard]] CurlResult<std::string> take_bytes(bool& resume);
  [[nodiscard]] bool has_ended() const;
  [[nodiscard]] bool was_cut_by_us() const;

 private:
  [[nodiscard]] bool is_fulfilled(TransferWish wish) const;
  void notify(std::unique_lock<std::mutex> lock);

  mutable std::mutex mutex_;
  std::optional<CurlHead> head_;
  std::string pipe_;
  bool paused_ = false;
  std::string upload_;
  std::size_t upload_taken_ = 0;  // of upload_
  bool upload_paused_ = false;
  bool ended_ = false;
  bool cut_by_us_ = false;
  std::optional<CurlError> error_;
  Waiter waiter_;
  TransferWish wish_ = TransferWish::kEnd;
};

}  // namespace tapedeck
