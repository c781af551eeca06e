#include "curl/easy_handle.hpp"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <mutex>
#include <span>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include "curl/network_address.hpp"

namespace tapedeck {
namespace {

// An older idle connection is not reused, because the other side is about to close it.
constexpr long kIdleConnectionSecondsMax = 30;
constexpr long kKeepAliveSeconds = 30;

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return result;
}

// libcurl has just resolved the address, so the name cannot change between this check and the connect.
curl_socket_t open_socket(void* context, curlsocktype, curl_sockaddr* address) noexcept {
  auto& state = *static_cast<TransferState*>(context);
  if (!state.request.may_be_private && !is_public_address(address->addr)) {
    state.verdict = CurlError{CurlFailure::kForbiddenAddress,
                              fmt::format("{} leads to {}, which is not a public address",
                                          state.request.url.endpoint.host, address_text(address->addr))};
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// The connection is made or reused, and the request is about to be sent.
int before_request(void* context, char*, char*, int, int) noexcept {
  auto& state = *static_cast<TransferState*>(context);
  state.request_sent = true;
  state.sent_at = DriverClock::now();
  // Another address of the same name was refused before this one.
  state.verdict.reset();
  return CURL_PREREQFUNC_OK;
}

void complete_head(TransferState& state) {
  long status = 0;
  curl_easy_getinfo(state.easy, CURLINFO_RESPONSE_CODE, &status);
  if (status < 200) return;  // informational: the real answer follows
  state.head_complete = true;
  state.arriving.status = static_cast<int>(status);
  state.last_byte_at = DriverClock::now();
  state.speed.restart(state.last_byte_at);
  state.announce_head(std::move(state.arriving));
}

std::size_t take_header(const char* bytes, std::size_t size, std::size_t count, void* context) noexcept {
  auto& state = *static_cast<TransferState*>(context);
  const std::string_view line(bytes, size * count);
  state.header_bytes += line.size();
  if (state.header_bytes > kHeaderBytesMax) {
    state.verdict = CurlError{CurlFailure::kBadAnswer, fmt::format("headers of more than {} bytes", kHeaderBytesMax)};
    return 0;
  }
  if (state.head_complete) return line.size();  // a trailer
  if (line.starts_with("HTTP/")) {
    state.arriving = {};
  } else if (trim(line).empty()) {
    complete_head(state);
  } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
    state.arriving.headers.emplace_back(lower(trim(line.substr(0, colon))), trim(line.substr(colon + 1)));
  }
  return line.size();
}

std::size_t take_body(const char* bytes, std::size_t size, std::size_t count, void* context) noexcept {
  auto& state = *static_cast<TransferState*>(context);
  const std::string_view piece(bytes, size * count);
  if (state.body_bytes + piece.size() > state.request.limits.body_bytes_max) {
    state.verdict =
        CurlError{CurlFailure::kTooLarge, fmt::format("more than {} bytes", state.request.limits.body_bytes_max)};
    return 0;
  }
  if (!state.offer(piece)) {
    state.waits_for_consumer = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  state.body_bytes += piece.size();
  state.speed.add(piece.size());
  state.last_byte_at = DriverClock::now();
  return piece.size();
}

// Gives bytes of the request's body. The time for the answer runs from the last one.
std::size_t give_body(char* out, std::size_t size, std::size_t count, void* context) noexcept {
  auto& state = *static_cast<TransferState*>(context);
  state.sent_at = DriverClock::now();
  const std::span<char> room(out, size * count);
  if (state.request.streamed_bytes) {
    const std::size_t taken = state.take_upload(room);
    return taken == 0 ? CURL_READFUNC_PAUSE : taken;
  }
  const std::size_t copied = state.request.body.copy(room.data(), room.size(), state.body_sent);
  state.body_sent += copied;
  return copied;
}

// The idle connection was closed after the body had begun, so libcurl starts it again on a new connection. A streamed
// body is gone.
int rewind_body(void* context, curl_off_t offset, int origin) noexcept {
  auto& state = *static_cast<TransferState*>(context);
  if (state.request.streamed_bytes || origin != SEEK_SET || offset != 0) return CURL_SEEKFUNC_CANTSEEK;
  state.body_sent = 0;
  return CURL_SEEKFUNC_OK;
}

// libcurl copies the strings it is given.
void set_target(CURL* easy, const CurlRequest& request) {
  curl_easy_setopt(easy, CURLOPT_URL, request.url.text.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, request.url.endpoint.scheme.c_str());
  curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");  // none, whatever the environment says
  curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  // With HTTP/2 a cut transfer would leave its connection open.
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "Tapedeck");
  // "identity" is requested, and nothing is decoded: the stored bytes are the sent ones.
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "identity");
  curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
  if (request.login) {
    curl_easy_setopt(easy, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
    curl_easy_setopt(easy, CURLOPT_USERNAME, request.login->user.c_str());
    curl_easy_setopt(easy, CURLOPT_PASSWORD, request.login->password.c_str());
  }
}

void set_body(CURL* easy, TransferState& state) {
  const std::uint64_t length = state.request.streamed_bytes.value_or(state.request.body.size());
  curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(length));
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_body);
  curl_easy_setopt(easy, CURLOPT_READDATA, &state);
  curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, rewind_body);
  curl_easy_setopt(easy, CURLOPT_SEEKDATA, &state);
}

void set_method(CURL* easy, TransferState& state) {
  switch (state.request.method) {
    case CurlMethod::kGet: break;
    case CurlMethod::kHead: curl_easy_setopt(easy, CURLOPT_NOBODY, 1L); break;
    case CurlMethod::kPut: set_body(easy, state); break;
    case CurlMethod::kPost:
      set_body(easy, state);
      curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "POST");
      break;
    case CurlMethod::kDelete: curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "DELETE"); break;
  }
}

// False: libcurl is out of memory.
bool set_headers(CURL* easy, TransferState& state) {
  const auto add = [&state](const std::string& line) {
    curl_slist* begun = state.headers.release();
    curl_slist* longer = curl_slist_append(begun, line.c_str());
    state.headers.reset(longer == nullptr ? begun : longer);
    return longer != nullptr;
  };
  // No "Expect: 100-continue": R2 does not support it, and its answer costs a round trip.
  if (!add("Expect:")) return false;
  for (const auto& [name, value] : state.request.headers) {
    if (!add(fmt::format("{}: {}", name, value))) return false;
  }
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, state.headers.get());
  return true;
}

void set_connection(CURL* easy, const CurlLimits& limits) {
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limits.connect_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, kIdleConnectionSecondsMax);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, kKeepAliveSeconds);
  // Removing a transfer during name resolution would wait for the resolver, and hold up every other transfer.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
}

void set_callbacks(CURL* easy, TransferState& state) {
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &state);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, state.error_text);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &state);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, &state);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &state);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &state);
}

CurlFailure failure_of(CURLcode result, const TransferState& state) {
  switch (result) {
    case CURLE_UNSUPPORTED_PROTOCOL:  // an answer that is not HTTP/1
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING: return CurlFailure::kBadAnswer;
    default: break;
  }
  if (state.head_complete) return CurlFailure::kTruncated;
  return state.request_sent ? CurlFailure::kNoAnswer : CurlFailure::kUnreachable;
}

}  // namespace

void prepare_libcurl() {
  static std::once_flag once;
  std::call_once(once, [] { (void)curl_global_init(CURL_GLOBAL_DEFAULT); });
}

CURL* make_easy_handle(TransferState& state) {
  CURL* easy = curl_easy_init();
  if (easy == nullptr) return nullptr;
  set_target(easy, state.request);
  set_method(easy, state);
  set_connection(easy, state.request.limits);
  set_callbacks(easy, state);
  if (!set_headers(easy, state)) {
    curl_easy_cleanup(easy);
    return nullptr;
  }
  return easy;
}

CurlError error_of_result(CURLcode result, const TransferState& state) {
  if (state.verdict) return *state.verdict;
  const char* text = state.error_text[0] != '\0' ? state.error_text : curl_easy_strerror(result);
  return {failure_of(result, state), text};
}

}  // namespace tapedeck
