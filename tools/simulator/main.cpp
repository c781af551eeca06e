// twilio-sim: the simulator of the telephony provider's recordings, for development and tests. docs/twilio-sim.md is
// its manual.

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "server.hpp"
#include "world.hpp"

namespace {

namespace asio = boost::asio;
using tapedeck::Errc;
using tapedeck::Result;
using tapedeck::simulator::Server;
using tapedeck::simulator::World;

constexpr int kExitUsage = 2;
// How long the process waits for connections and deliveries to end.
constexpr std::chrono::seconds kStopGrace{2};

struct Options {
  std::string listen = "127.0.0.1:4010";
  std::string data;
  std::uint64_t seed = 1;
  std::string log;
  std::string ready_file;
  std::string load;
  bool exit_on_stdin_eof = false;
};

void declare(CLI::App& app, Options& options) {
  app.add_option("--listen", options.listen, "Address and port; port 0 takes a free one")->capture_default_str();
  app.add_option("--data", options.data, "Folder of audio files that recordings may name")
      ->check(CLI::ExistingDirectory);
  app.add_option("--seed", options.seed, "Makes invented SIDs, sounds and chance repeatable")->capture_default_str();
  app.add_option("--log", options.log, "File that gets a JSON line for every event");
  app.add_option("--load", options.load, "JSON file of accounts, calls, recordings, rules and settings to begin with")
      ->check(CLI::ExistingFile);
  app.add_option("--ready-file", options.ready_file, "File that gets the address once it listens");
  app.add_flag("--exit-on-stdin-eof", options.exit_on_stdin_eof, "End when standard input does, as a child of a test");
  app.footer(
      "The provider's API is under /2010-04-01/, the control interface under /_sim/ (docs/twilio-sim.md).\n"
      "Example:\n"
      "  twilio-sim --listen 127.0.0.1:4010 &\n"
      "  curl -d '{\"sid\":\"AC00000000000000000000000000000001\",\"token\":\"secret\"}' "
      "http://127.0.0.1:4010/_sim/accounts");
}

// Thousands of slow transfers need more descriptors than most shells allow.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

Result<void> prepare(const Options& options, World& world, Server& server) {
  if (!options.log.empty()) {
    const auto opened = world.log.open(options.log);
    if (!opened) return opened;
  }
  const auto listening = server.listen(options.listen);
  if (!listening) return listening;
  if (options.load.empty()) return {};
  std::ifstream file(options.load, std::ios::binary);
  const std::string document{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return server.control().load(document);
}

Result<void> announce(const Options& options, const std::string& url) {
  fmt::print("twilio-sim ready on {}\n", url);
  std::fflush(stdout);
  if (options.ready_file.empty()) return {};
  // A rename puts it into place, so that a reader never sees half of it.
  const std::string temporary = options.ready_file + ".tmp";
  {
    std::ofstream file(temporary);
    file << url << '\n';
    if (!file.flush()) return tapedeck::fail(Errc::kIo, "cannot write " + temporary);
  }
  std::error_code error;
  std::filesystem::rename(temporary, options.ready_file, error);
  if (error) return tapedeck::fail(Errc::kIo, fmt::format("cannot write {}: {}", options.ready_file, error.message()));
  return {};
}

// Ends the server on SIGINT, SIGTERM or, if requested, at the end of standard input.
class Stopper {
 public:
  Stopper(asio::io_context& io, Server& server)
      : io_(io), server_(server), signals_(io, SIGINT, SIGTERM), input_(io), grace_(io) {}

  void wait(bool watches_input) {
    signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (!error) stop();
    });
    if (!watches_input) return;
    input_.assign(::dup(STDIN_FILENO));
    read_input();
  }

 private:
  void read_input() {
    input_.async_read_some(asio::buffer(scratch_), [this](const boost::system::error_code& error, std::size_t) {
      if (error == asio::error::operation_aborted) return;
      if (error) {
        stop();
      } else {
        read_input();
      }
    });
  }

  void stop() {
    server_.stop();
    boost::system::error_code ignored;
    signals_.cancel(ignored);
    input_.close(ignored);
    grace_.expires_after(kStopGrace);
    grace_.async_wait([this](const boost::system::error_code&) { io_.stop(); });
  }

  asio::io_context& io_;
  Server& server_;
  asio::signal_set signals_;
  asio::posix::stream_descriptor input_;
  asio::steady_timer grace_;
  std::array<char, 256> scratch_{};
};

int run(const Options& options) {
  raise_descriptor_limit();
  std::signal(SIGPIPE, SIG_IGN);
  asio::io_context io(1);
  World world(options.data, options.seed);
  Server server(io, world);
  Result<void> ready = prepare(options, world, server);
  if (ready) {
    server.start();
    ready = announce(options, world.settings.base_url);
  }
  if (!ready) {
    fmt::print(stderr, "twilio-sim: {}\n", ready.error().detail);
    return kExitUsage;
  }
  Stopper stopper(io, server);
  stopper.wait(options.exit_on_stdin_eof);
  io.run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("A simulator of Twilio's recordings for development and tests, with faults on command.", "twilio-sim");
  declare(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  return run(options);
}
