#include "blobs/s3/connection.hpp"

#include <algorithm>
#include <array>
#include <stop_token>
#include <utility>

#include <fmt/format.h>

#include "base/encoding.hpp"
#include "base/time.hpp"
#include "blobs/s3/xml.hpp"

namespace tapedeck::s3 {
namespace {

constexpr const char* kService = "s3";

constexpr std::array<std::string_view, 5> kMethodNames{"GET", "HEAD", "PUT", "POST", "DELETE"};  // of CurlMethod

bool is_success(const Call& call, const Exchange& exchange) {
  const int status = exchange.head.status;
  if (call.accepted_status != 0 && status == call.accepted_status) return true;
  if (status < 200 || status > 299) return false;
  return call.expected_element.empty() || find_element(parse_xml(exchange.body), call.expected_element);
}

// A signature is bound to its host, but the bytes of a recording must not go to a foreign one either.
bool may_follow(const Endpoint& from, const Endpoint& to) {
  const bool is_kin = to.host == from.host || (is_aws_host(from.host) && is_aws_host(to.host));
  return is_kin && (to.scheme == from.scheme || to.scheme == "https");
}

// Sends bytes of a spool into a running request for as long as it wants them.
Task<Result<void>> feed(CurlTransfer& transfer, SpoolPart part) {
  for (std::uint64_t sent = 0; sent < part.length;) {
    const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(kSpoolMemoryBytes, part.length - sent));
    Result<std::string> bytes = co_await part.spool->read(part.offset + sent, most);
    if (!bytes) co_return fail(bytes.error());
    sent += bytes->size();
    const bool is_wanted = co_await transfer.write(std::move(*bytes));
    if (!is_wanted) break;
  }
  co_return Result<void>{};
}

Task<Result<std::string>> whole_of(SpoolPart part) {
  std::string whole;
  while (whole.size() < part.length) {
    const std::size_t missing = static_cast<std::size_t>(part.length) - whole.size();
    Result<std::string> bytes = co_await part.spool->read(part.offset + whole.size(), missing);
    if (!bytes) co_return bytes;
    whole += *bytes;
  }
  co_return whole;
}

Task<CurlResult<std::string>> read_body(CurlTransfer& transfer) {
  std::string body;
  while (true) {
    CurlResult<std::string> bytes = co_await transfer.read();
    if (!bytes) co_return bytes;
    if (bytes->empty()) co_return body;
    body += *bytes;
  }
}

}  // namespace

Connection::Connection(Parts parts, Location location, AwsCredentials first, CredentialsSource credentials,
                       CurlLimits limits)
    : parts_(parts),
      source_(std::move(credentials)),
      limits_(limits),
      standing_{std::move(location), std::move(first), Milliseconds{0}} {}

Task<Result<Exchange>> Connection::exchange(Call call) {
  const SteadyTime last_start = parts_.clock.steady_now() + kTryingMax;
  Course course;
  Error error;
  for (int tries = 1;; ++tries) {
    if (call.stop.stop_requested()) co_return fail(Errc::kCancelled, "stopped");
    Try tried = co_await attempt(call, course);
    bool may_repeat = tried.may_repeat;
    if (!tried.answer) {
      error = tried.answer.error();
    } else if (is_success(call, *tried.answer)) {
      co_return std::move(tried.answer);
    } else {
      const CurlHead head = tried.answer->head;
      const Refusal refusal = read_refusal(head, tried.answer->body);
      error = error_of_refusal(refusal, location());
      error.retry_after = parse_retry_after(head.find("retry-after").value_or(""), now());
      const Remedy remedy = remedy_of(call, refusal, head);
      may_repeat = remedy == Remedy::kRepeatLater;
      const bool is_mended = co_await mend(remedy, refusal, head, &course);
      if (is_mended && tries < call.tries_max) continue;
    }
    const Milliseconds pause = pause_before(tries, error);
    if (!may_repeat || tries >= call.tries_max || parts_.clock.steady_now() + pause > last_start) break;
    co_await parts_.clock.sleep_for(pause, call.stop);
  }
  co_return fail(std::move(error));
}

Task<Connection::Try> Connection::attempt(Call call, Course course) {
  CurlRequest request = prepare(call, course);
  const bool is_streamed = call.part && call.part->length > kSpoolMemoryBytes;
  Try tried;
  if (is_streamed) {
    request.streamed_bytes = call.part->length;
  } else if (call.part) {
    Result<std::string> bytes = co_await whole_of(*call.part);
    if (!bytes) {
      tried.answer = fail(bytes.error());
      co_return tried;
    }
    request.body = std::move(*bytes);
  }
  Exchange exchange;
  exchange.transfer = parts_.client.start(std::move(request));
  // Ends before the transfer that it names.
  std::optional<std::stop_callback<CurlTransfer::Canceller>> on_stop;
  on_stop.emplace(call.stop, CurlTransfer::Canceller{exchange.transfer.get()});
  if (is_streamed) {
    Result<void> fed = co_await feed(*exchange.transfer, *call.part);
    if (!fed) {
      tried.answer = fail(fed.error());
      co_return tried;
    }
  }
  CurlResult<CurlHead> head = co_await exchange.transfer->head();
  if (!head) co_return broken_off(head.error());
  exchange.head = std::move(*head);
  if (!call.streams_answer || !is_success(call, exchange)) {
    CurlResult<std::string> body = co_await read_body(*exchange.transfer);
    if (!body) co_return broken_off(body.error());
    exchange.body = std::move(*body);
    on_stop.reset();
    exchange.transfer.reset();
  }
  tried.answer = std::move(exchange);
  co_return tried;
}

Connection::Try Connection::broken_off(const CurlError& error) const {
  return {fail(error_of_transfer(error, location())), is_worth_repeating(error.failure)};
}

CurlRequest Connection::prepare(const Call& call, const Course& course) const {
  const Standing current = standing();
  Location location = current.location;
  if (course.detour) location.endpoint = *course.detour;
  const Address address = call.key ? address_of_key(location, *call.key) : address_of_bucket(location);

  Sigv4Request signable{
      std::string(kMethodNames[static_cast<std::size_t>(call.method)]), address.path, call.query, call.headers, {}};
  signable.payload_hash = call.part ? call.part->sha256_hex : sha256_hex(call.body);
  signable.headers.emplace_back("X-Amz-Content-Sha256", signable.payload_hash);
  if (call.only_if_absent && current.knows_conditions) signable.headers.emplace_back("If-None-Match", "*");
  CurlRequest request;
  request.headers = signable.headers;
  signable.headers.emplace_back("Host", address.host);  // libcurl sends it by itself
  const Sigv4Scope scope{location.region, kService, now() + current.clock_offset};
  for (auto& header : sigv4_headers(std::move(signable), scope, current.credentials)) {
    request.headers.push_back(std::move(header));
  }

  const std::string query = sigv4_query(call.query);
  request.url.text = fmt::format("{}://{}{}{}{}", address.scheme, address.host, sigv4_path(address.path),
                                 query.empty() ? "" : "?", query);
  request.url.endpoint = location.endpoint;
  request.method = call.method;
  request.body = call.body;
  // The operator named the endpoint, which may be in a private network.
  request.may_be_private = !course.detour || course.detour->host == current.location.endpoint.host;
  request.limits = limits_;
  request.limits.body_bytes_max = call.streams_answer ? limits_.body_bytes_max : kAnswerBytesMax;
  if (call.streams_answer) request.limits.pipe_bytes = kReadPipeBytes;
  return request;
}

std::string Connection::presign(std::string_view key, Seconds lifetime) const {
  const Standing current = standing();
  const Address address = address_of_key(current.location, key);
  const Sigv4Request request{"GET", address.path, {}, {{"Host", address.host}}, std::string(kUnsignedPayload)};
  const Sigv4Scope scope{current.location.region, kService, now() + current.clock_offset};
  return fmt::format("{}://{}{}?{}", address.scheme, address.host, sigv4_path(address.path),
                     sigv4_presigned_query(request, scope, current.credentials, lifetime));
}

Remedy Connection::remedy_of(const Call& call, const Refusal& refusal, const CurlHead& head) const {
  if (refusal.status == kNotImplemented && call.only_if_absent) return Remedy::kNoCondition;
  const Remedy remedy = remedy_for(refusal);
  // An answer to HEAD has no body, so its status alone tells.
  const bool is_mute = refusal.status == 403 && refusal.code.empty();
  if (remedy != Remedy::kNone || !is_mute) return remedy;
  const auto offset = offset_in(head);
  if (!offset) return Remedy::kNone;
  return std::chrono::abs(*offset - standing().clock_offset) > kClockSkewMax ? Remedy::kSetClock : Remedy::kNone;
}

// True: the call may be repeated at once.
Task<bool> Connection::mend(Remedy remedy, Refusal refusal, CurlHead head, Course* course) {
  switch (remedy) {
    case Remedy::kSetClock: co_return set_clock(head, *course);
    case Remedy::kSetRegion: co_return set_region(refusal, *course);
    case Remedy::kFollow: co_return follow(head, *course);
    case Remedy::kNoCondition: co_return drop_conditions();
    case Remedy::kNewCredentials: break;
    case Remedy::kNone:
    case Remedy::kRepeatLater: co_return false;
  }
  const bool renewed = co_await renew_credentials(course);
  co_return renewed;
}

// The store's clock less ours.
std::optional<Milliseconds> Connection::offset_in(const CurlHead& head) const {
  const auto text = head.find("date");
  if (!text) return std::nullopt;
  const Result<SystemTime> date = parse_rfc2822(*text);
  if (!date) return std::nullopt;
  return *date - now();
}

bool Connection::set_clock(const CurlHead& head, Course& course) {
  const auto offset = offset_in(head);
  if (!offset || std::exchange(course.clock_set, true)) return false;
  const std::scoped_lock lock(mutex_);
  standing_.clock_offset = *offset;
  return true;
}

bool Connection::set_region(const Refusal& refusal, Course& course) {
  if (refusal.region.empty() || std::exchange(course.region_set, true)) return false;
  const std::scoped_lock lock(mutex_);
  Location& location = standing_.location;
  // If another host has the bucket, a signature for its region is useless here.
  if (refusal.status == 301 && !location.is_aws) return false;
  if (refusal.region == location.region) return false;
  location.region = refusal.region;
  if (location.is_aws) location.endpoint = aws_endpoint(location.region);
  return true;
}

bool Connection::follow(const CurlHead& head, Course& course) const {
  const auto target = head.find("location");
  if (!target || ++course.detours > kDetoursMax) return false;
  const Result<Url> url = parse_url(*target);
  const Location at_home = location();
  if (!url || !may_follow(at_home.endpoint, url->endpoint)) return false;
  course.detour = url->endpoint;
  // The bucket is put before the host again.
  const std::string bucket = at_home.bucket + ".";
  if (at_home.has_virtual_host && course.detour->host.starts_with(bucket)) {
    course.detour->host.erase(0, bucket.size());
  }
  return true;
}

bool Connection::drop_conditions() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(standing_.knows_conditions, false);
}

Task<bool> Connection::renew_credentials(Course* course) {
  if (!source_ || std::exchange(course->credentials_renewed, true)) co_return false;
  auto work = [this] { return source_(); };
  Result<AwsCredentials> renewed = co_await offload(parts_.pool, work);
  if (!renewed) co_return false;
  const std::scoped_lock lock(mutex_);
  AwsCredentials& held = standing_.credentials;
  const bool is_news = renewed->access_key_id != held.access_key_id ||
                       renewed->secret_access_key != held.secret_access_key ||
                       renewed->session_token != held.session_token;
  held = std::move(*renewed);
  co_return is_news;
}

// Random, up to a limit that doubles, so that callers who were refused together do not return together.
Milliseconds Connection::pause_before(int tries, const Error& error) {
  const Milliseconds limit = std::min(kPauseMax, kPauseFirst * (1 << std::min(tries - 1, kTriesMax)));
  const Milliseconds jittered{static_cast<std::int64_t>(static_cast<double>(limit.count()) * parts_.random.uniform())};
  return std::max(jittered, std::min(kPauseMax, error.retry_after.value_or(Milliseconds{0})));
}

Connection::Standing Connection::standing() const {
  const std::scoped_lock lock(mutex_);
  return standing_;
}

Location Connection::location() const { return standing().location; }

}  // namespace tapedeck::s3
