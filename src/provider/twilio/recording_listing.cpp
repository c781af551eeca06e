#include "provider/twilio/recording_listing.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "curl/follow.hpp"
#include "provider/twilio/answer.hpp"
#include "provider/twilio/listing_answer.hpp"

namespace tapedeck {
namespace {

std::string list_path(const AccountSid& account) {
  return fmt::format("/2010-04-01/Accounts/{}/Recordings.json", account.view());
}

// The filters count days in UTC, and the documentation leaves open on which side of midnight a day begins. So the
// request asks for one day more at each end, and keep_wanted() removes what lies outside.
std::string first_page(const ListingRequest& request) {
  using std::chrono::days;
  std::string path = fmt::format("{}?PageSize={}", list_path(request.login.account), request.page_size);
  const auto add_day = [&path](std::string_view filter, std::chrono::sys_days day) {
    path += fmt::format("&{}={}", filter, format_rfc3339(day).substr(0, 10));
  };
  if (request.since) add_day("DateCreated%3E", std::chrono::floor<days>(*request.since) - days{1});
  if (request.until) add_day("DateCreated%3C", std::chrono::ceil<days>(*request.until) + days{1});
  return path;
}

// A page that comes from outside must be one of the list that was asked for.
Result<void> check_page(std::string_view page, const AccountSid& account) {
  const bool is_printable = std::ranges::all_of(page, [](char c) { return c > 0x20 && c < 0x7f && c != '\\'; });
  if (page.size() <= kPageUriMax && is_printable && page.starts_with(list_path(account) + "?")) return {};
  return fail(Errc::kInvalidArgument, "the next page is not one of this account's list of recordings");
}

void keep_wanted(ListingPage& page, const ListingRequest& request) {
  std::erase_if(page.recordings, [&request](const ListedRecording& one) {
    return (request.since && one.created_at < *request.since) || (request.until && one.created_at >= *request.until);
  });
}

}  // namespace

Task<Result<std::optional<std::string>>> TwilioRecordingListing::get(std::string path, ProviderLogin login,
                                                                     std::size_t bytes_max, std::stop_token stop) {
  const Result<Url> url = parse_url(api_.base + path);
  if (!url) co_return fail(url.error());
  CurlRequest request;
  request.url = *url;
  request.login = BasicLogin{login.login_account.str(), login.auth_token};
  request.may_be_private = api_.policy.may_be_private(url->endpoint);
  request.limits = api_.limits;
  request.limits.body_bytes_max = bytes_max;
  const std::unique_ptr<CurlTransfer> transfer = client_.start(std::move(request));
  const std::stop_callback on_stop(stop, [&transfer] { transfer->cancel(); });
  CurlResult<CurlHead> head = co_await transfer->head();
  if (!head) co_return fail(error_of_transfer(head.error()));
  std::string body;
  while (true) {
    CurlResult<std::string> bytes = co_await transfer->read();
    // After a refusal the status says enough, even if the body was cut off.
    if (!bytes && head->status != 200 && bytes.error().failure != CurlFailure::kCancelled) break;
    if (!bytes) co_return fail(error_of_transfer(bytes.error()));
    if (bytes->empty()) break;
    body += *bytes;
  }
  if (head->status == 404) co_return std::nullopt;
  if (head->status != 200) co_return fail(error_of_status(*head, body, clock_.system_now()));
  co_return body;
}

Task<Result<ListingPage>> TwilioRecordingListing::list(ListingRequest request, std::stop_token stop) {
  std::string path = request.page.empty() ? first_page(request) : request.page;
  const Result<void> checked = check_page(path, request.login.account);
  if (!checked) co_return fail(checked.error());
  auto body = co_await get(std::move(path), request.login, kListingBytesMax, stop);
  if (!body) co_return fail(body.error());
  if (!*body) {
    co_return fail(Errc::kProviderRejected,
                   fmt::format("the provider knows no account {} (404)", request.login.account.view()));
  }
  Result<ListingPage> page = parse_listing(**body);
  if (!page) co_return page;
  if (!page->next.empty()) {
    const Result<void> next = check_page(page->next, request.login.account);
    if (!next)
      co_return fail(Errc::kProviderRejected, "the provider's next_page_uri is refused: " + next.error().detail);
  }
  keep_wanted(*page, request);
  co_return page;
}

Task<Result<std::optional<CallUpdate>>> TwilioRecordingListing::describe_call(ProviderLogin login, CallSid call,
                                                                              std::stop_token stop) {
  const std::string path = fmt::format("/2010-04-01/Accounts/{}/Calls/{}.json", login.account.view(), call.view());
  auto body = co_await get(path, login, kCallBytesMax, stop);
  if (!body) co_return fail(body.error());
  if (!*body) co_return std::nullopt;
  Result<CallUpdate> told = parse_call(**body);
  if (!told) co_return fail(told.error());
  if (told->call != call) co_return fail(Errc::kProviderRejected, "the provider answered with another call");
  co_return std::move(*told);
}

}  // namespace tapedeck
