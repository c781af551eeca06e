#include "cli/demo/demo.hpp"

#include <algorithm>

#include "cli/command.hpp"

namespace tapedeck {
namespace {

/// The demo's DATA_DIR when none is set, so that it never writes among a real server's data.
constexpr const char* kDemoDataDir = "./demo-data";

Result<int> run_demo(CommandContext& context, const DemoOptions& options) {
  Settings settings = context.settings;
  const auto data_dir = std::ranges::find(context.config.effective, "DATA_DIR",
                                          [](const EffectiveSetting& one) { return one.setting->name; });
  if (data_dir->origin == SettingOrigin::kDefault) settings.data_dir = kDemoDataDir;
  return context.line.demo(settings, options);
}

}  // namespace

void add_demo(CommandSet& commands) {
  auto [demo, options] =
      commands.add<DemoOptions>({.name = "demo",
                                 .help = "Run the server with a simulated provider and sample calls.",
                                 .examples = "  ./dev demo   builds it, makes the sample recordings and runs it",
                                 .shows_all_settings = true,
                                 .takes_json = false},
                                run_demo);
  demo.required("--audio", "FOLDER", &options.audio_dir, "Folder of the sample recordings.");
  demo.required("--calls", "FILE", &options.calls_file, "File of the sample calls.");
  demo.option("--simulator", "FILE", &options.simulator, "The simulator. Default: twilio-sim beside this program.");
}

}  // namespace tapedeck
