#include "tests/fakes/lossy_proxy.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace tapedeck {
namespace {

constexpr std::size_t kReadBytes = 65'536;
// For an answer that nobody will hear.
constexpr int kAnswerPatienceMs = 10'000;

::sockaddr_un address_of(const std::string& path) {
  ::sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) throw std::runtime_error("too long for a socket: " + path);
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

int unix_socket() {
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), "socket");
  return descriptor;
}

class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }
  [[nodiscard]] int get() const noexcept { return descriptor_; }
  void close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }

 private:
  int descriptor_;
};

std::string receive(int socket) {
  std::string bytes(kReadBytes, '\0');
  const ::ssize_t got = ::recv(socket, bytes.data(), bytes.size(), 0);
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes;
}

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ::ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void wait_for_answer(int server) {
  ::pollfd ready{server, POLLIN, 0};
  if (::poll(&ready, 1, kAnswerPatienceMs) > 0) (void)receive(server);
}

}  // namespace

LossyProxy::LossyProxy(std::string listen_path, std::string server_path, std::string marker,
                       std::function<Fate()> decide)
    : listen_path_(std::move(listen_path)),
      server_path_(std::move(server_path)),
      marker_(std::move(marker)),
      decide_(std::move(decide)),
      listener_(unix_socket()) {
  const ::sockaddr_un address = address_of(listen_path_);
  if (::bind(listener_, reinterpret_cast<const ::sockaddr*>(&address), sizeof(address)) != 0 ||
      ::listen(listener_, SOMAXCONN) != 0 || ::pipe(wake_) != 0) {
    throw std::system_error(errno, std::generic_category(), "listen on " + listen_path_);
  }
  acceptor_ = std::jthread([this] { accept_clients(); });
}

LossyProxy::~LossyProxy() {
  ::close(wake_[1]);
  {
    const std::scoped_lock lock(mutex_);
    may_deliver_ = true;
  }
  changed_.notify_all();
  acceptor_.join();
  clients_.clear();
  ::close(wake_[0]);
  ::close(listener_);
  ::unlink(listen_path_.c_str());
}

void LossyProxy::accept_clients() {
  while (true) {
    std::array<::pollfd, 2> ready{::pollfd{listener_, POLLIN, 0}, ::pollfd{wake_[0], POLLIN, 0}};
    if (::poll(ready.data(), ready.size(), -1) < 0 || ready[1].revents != 0) return;
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client >= 0) clients_.emplace_back([this, client] { serve(client); });
  }
}

void LossyProxy::serve(int accepted) {
  Descriptor client(accepted);
  const Descriptor server(unix_socket());
  const ::sockaddr_un address = address_of(server_path_);
  if (::connect(server.get(), reinterpret_cast<const ::sockaddr*>(&address), sizeof(address)) != 0) return;
  while (true) {
    std::array<::pollfd, 3> ready{::pollfd{client.get(), POLLIN, 0}, ::pollfd{server.get(), POLLIN, 0},
                                  ::pollfd{wake_[0], POLLIN, 0}};
    if (::poll(ready.data(), ready.size(), -1) < 0 || ready[2].revents != 0) return;
    if (ready[1].revents != 0) {
      const std::string bytes = receive(server.get());
      if (bytes.empty() || !send_all(client.get(), bytes)) return;
    }
    if (ready[0].revents == 0) continue;
    const std::string bytes = receive(client.get());
    if (bytes.empty()) return;
    const Fate fate = bytes.contains(marker_) ? decide() : Fate::kPass;
    if (fate == Fate::kPass) {
      if (!send_all(server.get(), bytes)) return;
      continue;
    }
    ++lost_;
    if (fate == Fate::kLoseAnswer && send_all(server.get(), bytes)) wait_for_answer(server.get());
    client.close();
    if (fate == Fate::kDelayRequest) answer_late(server.get(), bytes);
    return;
  }
}

LossyProxy::Fate LossyProxy::decide() {
  const std::scoped_lock lock(mutex_);
  return decide_();
}

void LossyProxy::answer_late(int server, const std::string& request) {
  std::unique_lock lock(mutex_);
  ++delayed_;
  changed_.wait(lock, [this] { return may_deliver_; });
  lock.unlock();
  if (send_all(server, request)) wait_for_answer(server);
  lock.lock();
  --delayed_;
  changed_.notify_all();
}

void LossyProxy::deliver() {
  std::unique_lock lock(mutex_);
  may_deliver_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this] { return delayed_ == 0; });
  may_deliver_ = false;
}

}  // namespace tapedeck
