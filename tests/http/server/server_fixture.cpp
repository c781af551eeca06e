#include "tests/http/server/server_fixture.hpp"

#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace tapedeck::http::testing {
namespace {

constexpr std::chrono::seconds kPatience{20};
constexpr std::chrono::milliseconds kPollInterval{1};

class FileBlob final : public Blob {
 public:
  FileBlob(int file, std::uint64_t size, bool by_descriptor) : file_(::dup(file)), size_(size), shown_(by_descriptor) {}
  FileBlob(const FileBlob&) = delete;
  FileBlob& operator=(const FileBlob&) = delete;
  ~FileBlob() override { ::close(file_); }
  [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }
  [[nodiscard]] int file_descriptor() const noexcept override { return shown_ ? file_ : -1; }
  [[nodiscard]] Task<Result<std::size_t>> read(std::uint64_t offset, std::span<std::byte> out) override {
    const ::ssize_t got = ::pread(file_, out.data(), out.size(), static_cast<::off_t>(offset));
    if (got < 0) co_return fail(Errc::kIo, "pread failed");
    co_return static_cast<std::size_t>(got);
  }

 private:
  int file_;
  std::uint64_t size_;
  bool shown_;
};

class MemoryBlob final : public Blob {
 public:
  MemoryBlob(std::string bytes, std::uint64_t size, bool is_broken)
      : bytes_(std::move(bytes)), size_(size), is_broken_(is_broken) {}
  [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }
  [[nodiscard]] int file_descriptor() const noexcept override { return -1; }
  [[nodiscard]] Task<Result<std::size_t>> read(std::uint64_t offset, std::span<std::byte> out) override {
    if (offset >= bytes_.size() && is_broken_) co_return fail(Errc::kUnavailable, "the store is away");
    if (offset >= bytes_.size()) co_return std::size_t{0};
    const std::size_t count = std::min<std::size_t>(out.size(), bytes_.size() - offset);
    std::copy_n(reinterpret_cast<const std::byte*>(bytes_.data()) + offset, count, out.data());
    co_return count;
  }

 private:
  std::string bytes_;
  std::uint64_t size_;
  bool is_broken_;
};

Response text_response(std::string text) {
  Response response;
  response.headers.emplace_back("Content-Type", "text/plain");
  response.body = std::move(text);
  return response;
}

/// Counts a coroutine for as long as its frame exists.
class Counted {
 public:
  explicit Counted(std::atomic<int>& count) : count_(count) { ++count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --count_; }

 private:
  std::atomic<int>& count_;
};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

}  // namespace

TemporaryFile::TemporaryFile(std::string_view content) : file_(::memfd_create("tapedeck-test", MFD_CLOEXEC)) {
  if (file_ < 0 || ::write(file_, content.data(), content.size()) != static_cast<::ssize_t>(content.size())) {
    throw std::runtime_error("no temporary file");
  }
}

TemporaryFile::~TemporaryFile() { ::close(file_); }

void TemporaryFile::resize(std::uint64_t size) const {
  if (::ftruncate(file_, static_cast<::off_t>(size)) != 0) throw std::runtime_error("ftruncate failed");
}

std::shared_ptr<Blob> file_blob(const TemporaryFile& file, std::uint64_t size, bool by_descriptor) {
  return std::make_shared<FileBlob>(file.descriptor(), size, by_descriptor);
}

std::shared_ptr<Blob> memory_blob(std::string bytes, std::uint64_t size) {
  return std::make_shared<MemoryBlob>(std::move(bytes), size, false);
}

std::shared_ptr<Blob> broken_blob(std::string first_bytes, std::uint64_t size) {
  return std::make_shared<MemoryBlob>(std::move(first_bytes), size, true);
}

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  std::uint32_t state = 12345;
  for (char& c : text) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>(state >> 24);
  }
  return text;
}

std::optional<Response> TestHandler::try_handle(const Request& request) {
  constexpr std::string_view kText = "/text/";
  if (request.path == "/echo") {
    return text_response(fmt::format("{} {} ?{} [{}]", std::string_view(boost::beast::http::to_string(request.method)),
                                     request.path, request.query, request.body));
  }
  if (request.path.starts_with(kText)) {
    const std::string_view digits = request.path.substr(kText.size());
    std::size_t count = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), count);
    return text_response(pattern(count));
  }
  if (request.path == "/blob") {
    Response response;
    response.body = BlobBody{blob, 0, blob->size()};
    return response;
  }
  if (request.path == "/empty") {
    Response response;
    response.status = 204;
    return response;
  }
  if (request.path == "/odd-header") {
    Response response = text_response("");
    response.headers.emplace_back("X-Name", "a\r\nX-Injected: yes");
    return response;
  }
  if (request.path == "/hold" || request.path == "/stuck" || request.path == "/disk" || request.path == "/throw" ||
      request.path == "/later") {
    return std::nullopt;
  }
  Response response = text_response("no such path");
  response.status = 404;
  return response;
}

void TestHandler::release() {
  released = true;
  released.notify_all();
}

Task<Response> TestHandler::handle(const Request& request) {
  if (request.path == "/throw") throw std::runtime_error("planted");
  const auto executor = co_await boost::asio::this_coro::executor;
  boost::asio::steady_timer timer(executor);
  if (request.path == "/disk") {
    const Counted counted(running);
    ++holding;
    const auto work = [this]() -> Result<bool> {
      released.wait(false);
      return true;
    };
    const Result<bool> done = co_await offload(disk_, work);
    co_return text_response(fmt::format("the disk answered: {}", done.value()));
  }
  if (request.path == "/stuck") {
    ++holding;
    timer.expires_at(boost::asio::steady_timer::time_point::max());
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
  if (request.path == "/hold") {
    ++holding;
    while (!released) {
      timer.expires_after(kPollInterval);
      co_await timer.async_wait(boost::asio::use_awaitable);
    }
  }
  co_return text_response(fmt::format("handled {}", request.target));
}

Response TestHandler::answer_failure(const Request&, const Error& error) {
  Response response = text_response(error.detail);
  response.status = 503;
  return response;
}

RawClient::RawClient(std::uint16_t port, int receive_buffer)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (receive_buffer > 0) ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
  const ::timeval patience{kPatience.count(), 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  ::sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const ::sockaddr*>(&address), sizeof(address)) != 0) {
    ::close(std::exchange(socket_, -1));
  }
}

RawClient::RawClient(RawClient&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), received_(std::move(other.received_)) {}

RawClient::~RawClient() {
  if (socket_ >= 0) ::close(socket_);
}

bool RawClient::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ::ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void RawClient::finish_sending() const { ::shutdown(socket_, SHUT_WR); }

bool RawClient::receive() {
  constexpr std::size_t kStep = 256 * 1024;
  const std::size_t before = received_.size();
  received_.resize(before + kStep);
  const ::ssize_t got = ::recv(socket_, received_.data() + before, kStep, 0);
  received_.resize(before + (got > 0 ? static_cast<std::size_t>(got) : 0));
  return got > 0;
}

Reply RawClient::read_reply(bool head_only) {
  Reply reply;
  std::size_t end = 0;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
    if (!receive()) return reply;
  }
  const std::string head = received_.substr(0, end + 2);
  received_.erase(0, end + 4);
  std::size_t line = head.find("\r\n");
  std::from_chars(head.data() + 9, head.data() + 12, reply.status);
  for (std::size_t begin = line + 2; begin < head.size(); begin = line + 2) {
    line = head.find("\r\n", begin);
    const std::size_t colon = head.find(": ", begin);
    reply.headers[lower(head.substr(begin, colon - begin))] = head.substr(colon + 2, line - colon - 2);
  }
  std::size_t length = 0;
  if (const auto field = reply.headers.find("content-length"); field != reply.headers.end() && !head_only) {
    length = std::stoull(field->second);
  }
  while (received_.size() < length && receive()) {
  }
  reply.body = received_.substr(0, length);
  reply.body_complete = reply.body.size() == length;
  received_.erase(0, length);
  return reply;
}

std::string RawClient::read_to_end() {
  while (receive()) {
  }
  return std::exchange(received_, {});
}

bool RawClient::is_closed_by_peer() {
  char byte = 0;
  const ::ssize_t got = ::recv(socket_, &byte, 1, 0);
  return received_.empty() && (got == 0 || (got < 0 && errno == ECONNRESET));
}

bool eventually(const std::function<bool()>& condition) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

void ServerFixture::start(const Limits& limits, std::size_t loops) {
  ServerOptions options;
  options.limits = limits;
  options.loops = loops;
  server_ = std::make_unique<Server>(std::move(options), handler_);
  const auto started = server_->start();
  ASSERT_TRUE(started.has_value()) << started.error().detail;
}

Reply ServerFixture::ask(std::string_view request) const {
  RawClient client = connect();
  client.send(request);
  return client.read_reply();
}

}  // namespace tapedeck::http::testing
