#pragma once

#include <filesystem>

#include "main/settings.hpp"

namespace tapedeck {

struct DemoOptions {
  std::filesystem::path audio_dir;   ///< sample recordings, made by tools/demo/make_audio.sh
  std::filesystem::path calls_file;  ///< tools/demo/calls.json
  std::filesystem::path simulator;   ///< the simulator's program; empty: twilio-sim beside this program
};

/// Runs the server with a simulator, sample businesses and sample calls until SIGTERM or SIGINT. Returns an exit code.
[[nodiscard]] int demo(const Settings& settings, const DemoOptions& options);

}  // namespace tapedeck
