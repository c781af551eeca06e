#include "tests/fakes/child_process.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace tapedeck {
namespace {

constexpr mode_t kOutputMode = 0600;

// Pointers to the texts, and a null at the end.
std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> our_environment() {
  std::vector<std::string> lines;
  for (char** line = ::environ; *line != nullptr; ++line) lines.emplace_back(*line);
  return lines;
}

// In the child: never returns, and allocates nothing.
[[noreturn]] void run(char* const* arguments, char* const* environment, const char* output_path) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int null = ::open("/dev/null", O_RDWR);
  const int output = ::open(output_path, O_WRONLY | O_CREAT | O_APPEND, kOutputMode);
  ::dup2(null, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::execvpe(arguments[0], arguments, environment);
  ::_exit(127);
}

}  // namespace

ChildProcess::ChildProcess(std::vector<std::string> words, std::string output_path,
                           const std::vector<std::pair<std::string, std::string>>& environment)
    : name_(words.at(0)), output_path_(std::move(output_path)) {
  // Of several variables of one name the first counts.
  std::vector<std::string> lines;
  lines.reserve(environment.size());
  for (const auto& [name, value] : environment) lines.push_back(name + "=" + value);
  for (std::string& line : our_environment()) lines.push_back(std::move(line));
  const std::vector<char*> arguments = pointers_to(words);
  const std::vector<char*> variables = pointers_to(lines);
  pid_ = ::fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ == 0) run(arguments.data(), variables.data(), output_path_.c_str());
}

ChildProcess::~ChildProcess() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

std::string ChildProcess::output() const {
  std::ostringstream text;
  text << std::ifstream(output_path_).rdbuf();
  return text.str();
}

void ChildProcess::check_running() {
  int status = 0;
  if (pid_ > 0 && ::waitpid(pid_, &status, WNOHANG) == pid_) pid_ = -1;
  if (pid_ <= 0) throw std::runtime_error(name_ + " has ended: " + output());
}

void ChildProcess::wait() {
  int status = 0;
  const ::pid_t ended = ::waitpid(std::exchange(pid_, -1), &status, 0);
  if (ended < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw std::runtime_error(name_ + " has failed: " + output());
  }
}

bool accepts_connections(std::uint16_t port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ::sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int connected = ::connect(descriptor, reinterpret_cast<const ::sockaddr*>(&address), sizeof(address));
  ::close(descriptor);
  return connected == 0;
}

TemporaryFolder::TemporaryFolder() {
  path_ = std::filesystem::temp_directory_path() / "tapedeck-test-XXXXXX";
  if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("cannot make " + path_);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace tapedeck
