#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "curl/client.hpp"
#include "curl/url_policy.hpp"

namespace tapedeck {

/// Most redirects that one request follows.
inline constexpr int kRedirectsMax = 5;
/// Most bytes of an unwanted body that are read to keep its connection; a longer one is cut.
inline constexpr std::size_t kUnwantedBodyBytes = 16 * 1024;

/// One GET and the redirects after it, each checked by the policy before anything is sent there. The login goes to the
/// endpoint it was given for, and to none after the first redirect away from it, not even back. Belongs to one
/// coroutine; a stop that is requested ends it promptly.
class FollowingRequest {
 public:
  /// `client` and `policy` must outlive it.
  FollowingRequest(CurlClient& client, const UrlPolicy& policy, CurlLimits limits, std::stop_token stop);
  FollowingRequest(const FollowingRequest&) = delete;
  FollowingRequest& operator=(const FollowingRequest&) = delete;

  /// The head of the first answer that is not a redirect. Once only.
  [[nodiscard]] Task<CurlResult<CurlHead>> open(Url url, BasicLogin login);
  /// Bytes of its body; empty at the end.
  [[nodiscard]] Task<CurlResult<std::string>> read();
  /// The body up to `most` bytes; what is longer is cut off.
  [[nodiscard]] Task<CurlResult<std::string>> read_some(std::size_t most);
  /// Ends what is still open, and returns when its socket is closed. To be called before the object is destroyed.
  [[nodiscard]] Task<> close();
  /// After close(): some connection was closed by us before its answer was complete.
  [[nodiscard]] bool cut_by_us() const noexcept { return cut_by_us_; }
  /// A redirect led to another endpoint than the first: what is answered there says nothing of the login.
  [[nodiscard]] bool left_home() const noexcept { return left_home_; }

 private:
  // What a requested stop calls, on the thread that requests it.
  struct CancelTransfer {
    CurlTransfer* transfer;
    void operator()() const noexcept { transfer->cancel(); }
  };

  void start(const Url& url, const BasicLogin* login);

  CurlClient& client_;
  const UrlPolicy& policy_;
  CurlLimits limits_;
  std::stop_token stop_;
  std::unique_ptr<CurlTransfer> transfer_;
  std::optional<std::stop_callback<CancelTransfer>> on_stop_;  // destroyed before the transfer that it names
  bool left_home_ = false;
  bool cut_by_us_ = false;
};

}  // namespace tapedeck
