#include "cli/demo/demo.hpp"

#include <cstdio>
#include <fstream>

#include <fmt/format.h>

#include "cli/demo/demo_script.hpp"
#include "cli/demo/simulator.hpp"
#include "cli/exit_code.hpp"
#include "domain/events.hpp"
#include "main/node.hpp"
#include "main/stop_signal.hpp"
#include "runtime/run_task.hpp"

namespace tapedeck {
namespace {

constexpr const char* kLoadFile = "demo-provider.json";
constexpr const char* kProviderLog = "demo-provider.log";
constexpr const char* kKeyFile = "demo.key";

std::filesystem::path simulator_of(const DemoOptions& options) {
  if (!options.simulator.empty()) return options.simulator;
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "twilio-sim";
}

Result<void> write_file(const std::filesystem::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out) return fail(Errc::kIo, fmt::format("{} cannot be written", file.string()));
  std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  return {};
}

RecordingAnnouncement announcement_of(const CallUpdate& call) {
  RecordingAnnouncement announcement;
  announcement.call = call.call;
  announcement.recording = call.recording->recording;
  announcement.account = call.recording->account;
  announcement.duration_seconds = call.duration_seconds;
  return announcement;
}

// Businesses and calls that are there from an earlier start stay as they are.
Task<Result<void>> seed(CallStore& calls, const DemoScript& script, SystemTime now) {
  auto known = co_await calls.list_businesses();
  if (!known) co_return fail(known.error());
  if (!known->empty()) co_return Result<void>();
  for (const Business& business : script.businesses) {
    auto put = co_await calls.put_business(business);
    if (!put) co_return fail(put.error());
  }
  for (const DemoScript::DemoCall& call : script.calls) {
    auto put = co_await calls.put_call(call.business, call.update, now);
    if (!put) co_return fail(put.error());
    if (!call.announced || !call.update.recording) continue;
    const RecordingAnnouncement announcement = announcement_of(call.update);
    auto announced = co_await calls.announce(call.business, announcement, now);
    if (!announced) co_return fail(announced.error());
  }
  co_return Result<void>();
}

// The key of the curl line: made once, so that a line copied yesterday works today.
Task<Result<std::string>> demo_key(Access& access, std::filesystem::path file, BusinessId business) {
  std::string key;
  std::ifstream in(file);
  if (std::getline(in, key) && !key.empty()) co_return key;
  auto made = co_await access.create_key(business, "demo");
  if (!made) co_return fail(made.error());
  if (auto written = write_file(file, *made + "\n"); !written) co_return fail(written.error());
  co_return *made;
}

void print_welcome(const std::string& own_url, const std::string& login, const std::string& key,
                   const Settings& settings, const DemoScript& script) {
  const DemoScript::DemoCall& first = script.calls.front();
  const std::string& url = settings.public_url.empty() ? own_url : settings.public_url;
  fmt::print(
      "\n"
      "  Tapedeck is ready, with {} businesses and {} calls.\n\n"
      "  Open     {}/login?token={}\n"
      "           (once; signs you in as an operator for every business)\n\n"
      "  Press    curl -i -H 'Authorization: Bearer {}' \\\n"
      "             {}/api/recordings/{}/stream\n\n"
      "  Docs     {}/docs\n"
      "  Metrics  {}/metrics\n"
      "  Logs     this terminal; the provider's: {}\n"
      "  Data     {}\n\n"
      "  Ctrl-C ends it all.\n\n",
      script.businesses.size(), script.calls.size(), url, login, key, url, first.update.call.str(), url, url,
      (settings.data_dir / kProviderLog).string(), settings.data_dir.string());
  std::fflush(stdout);
}

Result<void> run(Settings settings, const DemoOptions& options, StopSignal& signal) {
  SystemClock clock;
  auto script = DemoScript::read(options.calls_file, clock.system_now());
  if (!script) return fail(script.error());
  if (auto made = make_data_dir(settings.data_dir); !made) return fail(made.error());
  const auto load_file = settings.data_dir / kLoadFile;
  if (auto written = write_file(load_file, script->provider_load); !written) return fail(written.error());
  auto simulator =
      Simulator::start(simulator_of(options), options.audio_dir, load_file, settings.data_dir / kProviderLog);
  if (!simulator) return fail(simulator.error());
  settings.provider_url = simulator->url();

  auto node = Node::make(settings);
  if (!node) return fail(node.error());
  auto seeded = run_task(seed((*node)->calls(), *script, clock.system_now()));
  if (!seeded) return fail(seeded.error());
  (*node)->events().emit(event::demo_provider(simulator->url()));
  if (auto started = (*node)->start(); !started) return fail(started.error());
  auto login = run_task((*node)->access().create_login(LoginGrant{}));
  if (!login) return fail(login.error());
  auto key = run_task(demo_key((*node)->access(), settings.data_dir / kKeyFile, script->calls.front().business));
  if (!key) return fail(key.error());
  const std::string host = settings.listen.host == "0.0.0.0" ? "127.0.0.1" : settings.listen.host;
  print_welcome(fmt::format("http://{}:{}", host, (*node)->port()), *login, *key, settings, *script);
  signal.wait();
  (*node)->stop();
  return {};
}

}  // namespace

int demo(const Settings& settings, const DemoOptions& options) {
  StopSignal signal;
  const auto ran = run(settings, options, signal);
  if (ran) return kDone;
  fmt::print(stderr, "tapedeck: {}\n", ran.error().detail);
  return kFailed;
}

}  // namespace tapedeck
