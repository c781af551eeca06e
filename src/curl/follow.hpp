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
/// Most bytes of an unwanted body that are read so that its connection can be kept; a longer one is cut.
inline constexpr std::size_t kUnwantedBodyBytes = 16 * 1024;

/// One GET and its redirects, each checked by the policy before a request goes there. The login goes to its own
/// endpoint only; after the first redirect away it is not sent again, not even back there. Belongs to one coroutine; a
/// requested stop ends it promptly.
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
  /// The body up to `most` bytes; the rest of a longer one is cut off.
  [[nodiscard]] Task<CurlResult<std::string>> read_some(std::size_t most);
  /// Ends a transfer that is still open, and returns once its socket is closed. Must be called before the destructor.
  [[nodiscard]] Task<> close();
  /// After close(): we closed some connection before its answer was complete.
  [[nodiscard]] bool cut_by_us() const noexcept { return cut_by_us_; }
  /// A redirect led to another endpoint than the first: an answer from there says nothing about the login.
  [[nodiscard]] bool left_home() const noexcept { return left_home_; }

 private:
  void start(const Url& url, const BasicLogin* login);

  CurlClient& client_;
  const UrlPolicy& policy_;
  CurlLimits limits_;
  std::stop_token stop_;
  std::unique_ptr<CurlTransfer> transfer_;
  std::optional<std::stop_callback<CurlTransfer::Canceller>> on_stop_;  // destroyed before the transfer that it names
  bool left_home_ = false;
  bool cut_by_us_ = false;
};

}  // namespace tapedeck
