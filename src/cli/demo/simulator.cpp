#include "cli/demo/simulator.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tapedeck {
namespace {

constexpr int kStartTimeoutMs = 10'000;
constexpr std::string_view kReadyLine = "twilio-sim ready on ";

struct Pipe {
  FileDescriptor read;
  FileDescriptor write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(Errc::kIo, fmt::format("pipe: {}", std::strerror(errno)));
  return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

Result<pid_t> spawn(const std::vector<std::string>& arguments, int input, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_t pid = -1;
  const int failed = ::posix_spawn(&pid, arguments.front().c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return fail(Errc::kIo, fmt::format("{}: {}", arguments.front(), std::strerror(failed)));
  return pid;
}

// Waits for the ready line; returns the address in it.
Result<std::string> read_ready_line(int output) {
  std::string printed;
  while (printed.find('\n') == std::string::npos) {
    pollfd waiting{output, POLLIN, 0};
    if (::poll(&waiting, 1, kStartTimeoutMs) <= 0) return fail(Errc::kTimedOut, "twilio-sim did not start in time");
    std::array<char, 512> buffer{};
    const ssize_t got = ::read(output, buffer.data(), buffer.size());
    if (got <= 0) return fail(Errc::kIo, "twilio-sim ended during its start: " + printed);
    printed.append(buffer.data(), static_cast<std::size_t>(got));
  }
  const std::string line = printed.substr(0, printed.find('\n'));
  if (!line.starts_with(kReadyLine)) return fail(Errc::kIo, "twilio-sim printed: " + line);
  return line.substr(kReadyLine.size());
}

}  // namespace

Result<Simulator> Simulator::start(const std::filesystem::path& program, const std::filesystem::path& audio_dir,
                                   const std::filesystem::path& load_file, const std::filesystem::path& log_file) {
  auto input = make_pipe();
  if (!input) return fail(input.error());
  auto output = make_pipe();
  if (!output) return fail(output.error());
  const std::vector<std::string> arguments{
      program.string(), "--listen",         "127.0.0.1:0", "--data",          audio_dir.string(),
      "--load",         load_file.string(), "--log",       log_file.string(), "--exit-on-stdin-eof"};
  auto pid = spawn(arguments, input->read.get(), output->write.get());
  (void)input->read.close();
  (void)output->write.close();
  if (!pid) return fail(pid.error());
  Simulator child(*pid, std::move(input->write));
  auto url = read_ready_line(output->read.get());
  if (!url) return fail(url.error());
  child.url_ = std::move(*url);
  return child;
}

Simulator::~Simulator() {
  if (pid_ < 0) return;
  (void)input_.close();
  int status = 0;
  ::waitpid(pid_, &status, 0);
}

}  // namespace tapedeck
