#include "tests/fakes/redis_process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace tapedeck {
namespace {

// For a start, an answer, or a change that a group of servers agrees on; a loaded machine needs most of it.
constexpr std::chrono::seconds kRedisPatience{30};
// Between two looks at something that another process does.
constexpr int kLookEveryMs = 2;
// Somebody else may take a free port before the server does.
constexpr int kPortAttempts = 5;
constexpr std::size_t kReadBytes = 4096;

class Socket {
 public:
  Socket(int family, int kind) : descriptor_(::socket(family, kind | SOCK_CLOEXEC, 0)) {
    if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "socket");
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { ::close(descriptor_); }
  [[nodiscard]] int get() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

// A reply's bytes as they come, and what they say.
class Conversation {
 public:
  explicit Conversation(const std::string& path) : socket_(AF_UNIX, SOCK_STREAM) {
    ::sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path)) throw std::runtime_error("too long for a socket: " + path);
    std::memcpy(address.sun_path, path.data(), path.size());
    if (::connect(socket_.get(), reinterpret_cast<const ::sockaddr*>(&address), sizeof(address)) != 0) {
      throw std::system_error(errno, std::generic_category(), "connect " + path);
    }
  }

  void send(const std::vector<std::string>& words) const {
    std::string bytes = "*" + std::to_string(words.size()) + "\r\n";
    for (const std::string& word : words) bytes += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
    std::string_view rest = bytes;
    while (!rest.empty()) {
      const ::ssize_t sent = ::send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
      if (sent <= 0) throw std::system_error(errno, std::generic_category(), "send");
      rest.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  std::string reply() {
    const std::string head = line();
    const std::string rest = head.substr(1);
    if (head[0] == '+' || head[0] == ':') return rest;
    if (head[0] == '-') return head;
    const int count = std::stoi(rest);
    if (count < 0) return "";
    if (head[0] == '$') {
      std::string text = take(static_cast<std::size_t>(count) + 2);
      text.resize(text.size() - 2);
      return text;
    }
    std::string lines;
    for (int i = 0; i < count; ++i) {
      if (i > 0) lines += '\n';
      lines += reply();
    }
    return lines;
  }

 private:
  std::string line() {
    std::size_t end = bytes_.find("\r\n");
    for (; end == std::string::npos; end = bytes_.find("\r\n")) receive();
    std::string text = bytes_.substr(0, end);
    bytes_.erase(0, end + 2);
    return text;
  }

  std::string take(std::size_t count) {
    while (bytes_.size() < count) receive();
    std::string text = bytes_.substr(0, count);
    bytes_.erase(0, count);
    return text;
  }

  void receive() {
    ::pollfd ready{socket_.get(), POLLIN, 0};
    const auto patience = std::chrono::duration_cast<std::chrono::milliseconds>(kRedisPatience);
    if (::poll(&ready, 1, static_cast<int>(patience.count())) <= 0) throw std::runtime_error("Redis does not answer");
    std::array<char, kReadBytes> buffer{};
    const ::ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (got <= 0) throw std::runtime_error("Redis closed the connection");
    bytes_.append(buffer.data(), static_cast<std::size_t>(got));
  }

  Socket socket_;
  std::string bytes_;
};

std::string temporary_folder() {
  std::string pattern = std::filesystem::temp_directory_path() / "tapedeck-redis-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make " + pattern);
  return pattern;
}

// In the child: never returns, and allocates nothing.
[[noreturn]] void run(char* const* arguments) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int null = ::open("/dev/null", O_RDWR);
  ::dup2(null, STDIN_FILENO);
  ::dup2(null, STDOUT_FILENO);
  ::dup2(null, STDERR_FILENO);
  ::execvp(arguments[0], arguments);
  ::_exit(127);
}

}  // namespace

std::uint16_t free_port() {
  const Socket socket(AF_INET, SOCK_STREAM);
  ::sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::socklen_t size = sizeof(address);
  if (::bind(socket.get(), reinterpret_cast<const ::sockaddr*>(&address), size) != 0 ||
      ::getsockname(socket.get(), reinterpret_cast<::sockaddr*>(&address), &size) != 0) {
    throw std::system_error(errno, std::generic_category(), "free port");
  }
  return ntohs(address.sin_port);
}

void wait_until(const std::string& what, const std::function<bool()>& condition) {
  const auto until = std::chrono::steady_clock::now() + kRedisPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) throw std::runtime_error("waited in vain: " + what);
    ::poll(nullptr, 0, kLookEveryMs);
  }
}

RedisProcess::RedisProcess(Kind kind, std::vector<std::string> settings, const std::string& config)
    : kind_(kind), settings_(std::move(settings)), config_(config), folder_(temporary_folder()) {
  socket_path_ = folder_ + "/redis.sock";
  for (int attempt = 1;; ++attempt) {
    port_ = free_port();
    try {
      start();
      return;
    } catch (...) {
      kill();
      if (attempt == kPortAttempts || !log().contains("Address already in use")) {
        std::filesystem::remove_all(folder_);
        throw;
      }
    }
  }
}

RedisProcess::~RedisProcess() {
  kill();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void RedisProcess::start() {
  spawn();
  wait_until("the start of redis-server", [this] {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      throw std::runtime_error("redis-server ended: " + log());
    }
    return answers();
  });
}

void RedisProcess::spawn() {
  const std::string file = folder_ + "/redis.conf";
  // A Sentinel keeps what it has learned there.
  if (!std::filesystem::exists(file)) std::ofstream(file) << config_;
  std::vector<std::string> words{"redis-server", file, "--port", std::to_string(port_), "--bind", "127.0.0.1"};
  words.insert(words.end(), {"--unixsocket", socket_path_, "--dir", folder_, "--logfile", folder_ + "/redis.log"});
  if (kind_ == Kind::kSentinel) {
    words.emplace_back("--sentinel");
  } else {
    words.insert(words.end(), {"--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"});
    // Replicas are not waited for, which would be 5 s.
    words.insert(words.end(), {"--repl-diskless-sync-delay", "0"});
  }
  words.insert(words.end(), settings_.begin(), settings_.end());
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ == 0) run(arguments.data());
}

bool RedisProcess::answers() const {
  try {
    // A server that asks for a password answers too; one that still reads its file is not there yet.
    const std::string answer = ask({"PING"});
    return !answer.starts_with("-LOADING");
  } catch (const std::exception&) {
    return false;
  }
}

std::string RedisProcess::log() const {
  std::ostringstream text;
  text << std::ifstream(folder_ + "/redis.log").rdbuf();
  return text.str();
}

std::string RedisProcess::ask(const std::vector<std::string>& words) const {
  Conversation conversation(socket_path_);
  conversation.send(words);
  return conversation.reply();
}

void RedisProcess::tell(const std::vector<std::string>& words) const {
  const std::string answer = ask(words);
  if (answer.starts_with('-')) throw std::runtime_error(words.front() + ": " + answer);
}

void RedisProcess::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
  std::error_code ignored;
  std::filesystem::remove(socket_path_, ignored);
}

void RedisProcess::freeze() const { ::kill(pid_, SIGSTOP); }
void RedisProcess::thaw() const { ::kill(pid_, SIGCONT); }

}  // namespace tapedeck
