#include "curl/follow.hpp"

#include <fmt/format.h>

namespace tapedeck {
namespace {

// 301, 302, 303, 307 and 308 name a target (RFC 9110 §15.4); other 3xx do not.
bool is_redirect(int status) { return (status >= 301 && status <= 303) || status == 307 || status == 308; }

std::unexpected<CurlError> refuse(std::string detail) {
  return std::unexpected(CurlError{CurlFailure::kForbiddenRedirect, std::move(detail)});
}

}  // namespace

FollowingRequest::FollowingRequest(CurlClient& client, const UrlPolicy& policy, CurlLimits limits, std::stop_token stop)
    : client_(client), policy_(policy), limits_(limits), stop_(std::move(stop)) {}

void FollowingRequest::start(const Url& url, const BasicLogin* login) {
  CurlRequest request;
  request.url = url;
  if (login != nullptr) request.login = *login;
  request.may_be_private = policy_.may_be_private(url.endpoint);
  request.limits = limits_;
  transfer_ = client_.start(std::move(request));
  // Cancels at once if the stop was requested before.
  on_stop_.emplace(stop_, CurlTransfer::Canceller{transfer_.get()});
}

Task<CurlResult<CurlHead>> FollowingRequest::open(Url url, BasicLogin login) {
  const Endpoint first = url.endpoint;
  for (int redirects = 0;; ++redirects) {
    if (stop_.stop_requested()) co_return std::unexpected(CurlError{CurlFailure::kCancelled, "cancelled"});
    start(url, left_home_ ? nullptr : &login);
    CurlResult<CurlHead> head = co_await transfer_->head();
    if (!head && redirects > 0 && head.error().failure == CurlFailure::kForbiddenAddress) {
      co_return refuse("redirected: " + head.error().detail);
    }
    if (!head || !is_redirect(head->status)) co_return head;

    const auto location = head->find("location");
    if (!location) co_return refuse(fmt::format("status {} without a Location", head->status));
    if (redirects == kRedirectsMax) co_return refuse(fmt::format("more than {} redirects", kRedirectsMax));
    const Result<Url> target = resolve_url(url, *location);
    if (!target) co_return refuse("redirected to something other than an http or https URL");
    const Result<void> allowed = policy_.check(*target);
    if (!allowed) co_return refuse(allowed.error().detail);

    (void)co_await read_some(kUnwantedBodyBytes);
    co_await close();
    url = *target;
    left_home_ = left_home_ || url.endpoint != first;
  }
}

Task<CurlResult<std::string>> FollowingRequest::read() {
  CurlResult<std::string> bytes = co_await transfer_->read();
  co_return bytes;
}

Task<CurlResult<std::string>> FollowingRequest::read_some(std::size_t most) {
  std::string body;
  while (body.size() <= most) {
    CurlResult<std::string> bytes = co_await transfer_->read();
    if (!bytes) co_return bytes;
    if (bytes->empty()) co_return body;
    body += *bytes;
  }
  transfer_->cancel();
  body.resize(most);
  co_return body;
}

Task<> FollowingRequest::close() {
  if (!transfer_) co_return;
  transfer_->cancel();
  co_await transfer_->ended();
  cut_by_us_ = cut_by_us_ || transfer_->cut_by_us();
  on_stop_.reset();
  transfer_.reset();
}

}  // namespace tapedeck
