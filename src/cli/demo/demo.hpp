#pragma once

#include <filesystem>

#include "main/settings.hpp"

namespace tapedeck {

struct DemoOptions {
  std::filesystem::path audio_dir;   ///< sample recordings, made by tools/demo/make_audio.sh
  std::filesystem::path calls_file;  ///< tools/demo/calls.json
  std::filesystem::path simulator;   ///< the provider's look-alike; empty: twilio-sim beside this program
};

/// The server with the provider's look-alike, sample businesses and calls, until SIGTERM or SIGINT. Returns an exit
/// code.
[[nodiscard]] int demo(const Settings& settings, const DemoOptions& options);

}  // namespace tapedeck
