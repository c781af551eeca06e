#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "curl/url.hpp"
#include "runtime/task.hpp"

namespace tapedeck {

/// Most bytes of an answer's headers together, informational answers included.
inline constexpr std::size_t kHeaderBytesMax = 32 * 1024;

/// Most connections that a client keeps open, including those in use; one more is closed after its answer.
inline constexpr std::size_t kConnectionsKept = 16;

/// Most transfers of a client that wait to start or run; one more fails with kUnreachable. Also bounds the commands
/// that wait for the client's thread: at most four for each transfer.
inline constexpr std::size_t kTransfersMax = 16'384;

/// Limits of one transfer. Zero means no limit only if the field says so.
struct CurlLimits {
  Milliseconds connect_timeout{10'000};  ///< name resolution, connecting and TLS together
  Milliseconds answer_timeout{30'000};   ///< from the last byte of the request to the end of the answer's headers
  Milliseconds idle_timeout{20'000};     ///< without any byte of the body
  std::uint64_t low_speed_bytes_per_second = 500;  ///< average of a whole window below which it ends; 0: no limit
  Milliseconds low_speed_window{30'000};
  Milliseconds total_timeout{2 * 60 * 60'000};  ///< everything, including waits for the consumer
  std::uint64_t body_bytes_max = 1ULL << 30U;
  /// Bytes that wait for a slow consumer, in either direction; beyond, the connection is not read, or write() waits.
  /// Bounds the memory of a transfer: about twice this, and the consumer holds as much again.
  std::size_t pipe_bytes = 64 * 1024;
};

/// A name and password for HTTP Basic authentication.
struct BasicLogin {
  std::string user;
  std::string password;
};

enum class CurlMethod { kGet, kHead, kPut, kPost, kDelete };

/// One request. Redirects are not followed here (see follow.hpp).
struct CurlRequest {
  Url url;
  CurlMethod method = CurlMethod::kGet;
  std::vector<std::pair<std::string, std::string>> headers;  ///< besides libcurl's own; no value is empty
  std::string body;                                          ///< of a PUT or a POST; libcurl may send it again
  /// The length of a PUT's or POST's body that comes by CurlTransfer::write() instead.
  std::optional<std::uint64_t> streamed_bytes;
  std::optional<BasicLogin> login;
  bool may_be_private = false;  ///< addresses that are not public are refused unless this is set
  CurlLimits limits;
};

enum class CurlFailure {
  kCancelled,
  kUnreachable,       ///< name resolution, connecting or TLS failed, or kTransfersMax was reached
  kForbiddenAddress,  ///< the name leads to an address that is not public
  kForbiddenRedirect,
  kNoAnswer,   ///< the connection was closed before the answer's headers were complete
  kTimedOut,   ///< no answer, no byte for too long, too slow, or too long altogether
  kTruncated,  ///< the connection was closed before the end of the body
  kTooLarge,   ///< over body_bytes_max
  kBadAnswer,  ///< not HTTP, or headers beyond kHeaderBytesMax
};

struct CurlError {
  CurlFailure failure = CurlFailure::kUnreachable;
  std::string detail;
};

template <class T>
using CurlResult = std::expected<T, CurlError>;

/// Status and headers of an answer.
struct CurlHead {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case, in the order of arrival

  /// The first value of a header, named in lower case; nothing where it is missing.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
};

class CurlDriver;
struct TransferState;

/// One request under way. Belongs to one coroutine; only cancel() may be called from anywhere. Its destructor cancels
/// it, and does not wait for the end.
class CurlTransfer {
 public:
  /// For std::stop_callback: cancels on the thread that requests the stop. The callback must end before the transfer.
  struct Canceller {
    CurlTransfer* transfer;
    void operator()() const noexcept { transfer->cancel(); }
  };

  CurlTransfer(std::shared_ptr<CurlDriver> driver, std::shared_ptr<TransferState> state);
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;
  ~CurlTransfer();

  /// Waits for room, then hands over bytes of a streamed body. False: no more are wanted, because the answer has come
  /// or the transfer has ended; head() tells which.
  [[nodiscard]] Task<bool> write(std::string chunk);
  /// Waits for the answer's headers.
  [[nodiscard]] Task<CurlResult<CurlHead>> head();
  /// Waits for bytes of the body; empty at its end.
  [[nodiscard]] Task<CurlResult<std::string>> read();
  /// Ends the transfer soon, unless it has ended.
  void cancel() noexcept;
  /// Waits for its end, of whatever kind. Then no socket of this transfer is open; if the answer was read to the end,
  /// its connection may be back in the pool of idle ones.
  [[nodiscard]] Task<> ended();
  /// After ended(): the request was sent, and we closed the connection before the answer was complete.
  [[nodiscard]] bool cut_by_us() const;

 private:
  std::shared_ptr<CurlDriver> driver_;
  std::shared_ptr<TransferState> state_;
  std::atomic<bool> is_cancelled_{false};
};

/// Makes HTTP requests, all on one thread of its own, which waits in curl_multi_poll and never for a consumer.
/// Thread-safe. Connections are kept and reused. HTTP/1.1 only, so a transfer is a connection, and cutting it closes
/// the connection. No proxy, netrc, cookies or content decoding.
class CurlClient {
 public:
  explicit CurlClient(std::size_t connections_kept = kConnectionsKept, std::size_t transfers_max = kTransfersMax);
  CurlClient(const CurlClient&) = delete;
  CurlClient& operator=(const CurlClient&) = delete;
  /// Cancels all transfers, and joins. The event loops of waiting tasks must still exist.
  ~CurlClient();

  [[nodiscard]] std::unique_ptr<CurlTransfer> start(CurlRequest request);
  /// Transfers that wait to start or run.
  [[nodiscard]] std::size_t active() const;

 private:
  std::shared_ptr<CurlDriver> driver_;
};

}  // namespace tapedeck
