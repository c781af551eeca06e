#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "domain/recording.hpp"
#include "telemetry/logger.hpp"

namespace tapedeck {

/// The way of a recording's bytes to a player.
enum class Delivery {
  kStream,    ///< through this process
  kRedirect,  ///< from the object store, by a link that this process signs
};

struct ListenAddress {
  std::string host;        ///< an IP address, without brackets
  std::uint16_t port = 0;  ///< 0: any that is free
  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

/// The checked settings of the process. setting_table() has the meaning, range and default of each. load_config()
/// creates them at the start; they never change.
struct Settings {
  ListenAddress listen;
  std::string public_url;  ///< scheme, host and optional path, without a slash at the end; empty: not set
  std::vector<std::string> cors_origins;
  std::filesystem::path data_dir;
  std::string database_url;  ///< empty: SQLite in `data_dir`
  std::string storage_url;   ///< empty: files in `data_dir`
  Delivery delivery = Delivery::kStream;
  std::string redis_url;   ///< empty: the slot store is in the process
  bool is_worker = false;  ///< ENABLE_SCHEDULERS; without REDIS_URL a process is API and worker in any case
  int downloads_max = 0;
  int slots_per_business = 0;
  bool lists_provider = true;  ///< RECONCILE_LISTING
  AccountSid account;          ///< empty: no default account
  std::string auth_token;      ///< of `account`
  std::string provider_url;
  AudioFormat format = AudioFormat::kMp3;
  int peaks_threads = 0;   ///< 0: this process decodes no recordings
  std::string secret_key;  ///< 32 bytes; empty: see load_secret_key()
  LogFormat log_format = LogFormat::kText;
  Severity log_level = Severity::kInfo;
  int http_loops = 0;  ///< 0: one for each core
  int connections_max = 0;
  Seconds shutdown_grace{0};
  std::vector<std::string> warnings;  ///< sentences for the log, which opens later
};

/// The part that a process plays.
enum class Role {
  kAlone,   ///< API and worker in one process: without REDIS_URL
  kApi,     ///< answers requests, never downloads
  kWorker,  ///< downloads; answers only health, readiness and metrics
};
[[nodiscard]] inline Role role_of(const Settings& settings) {
  if (settings.redis_url.empty()) return Role::kAlone;
  return settings.is_worker ? Role::kWorker : Role::kApi;
}
[[nodiscard]] std::string_view role_name(Role role) noexcept;

}  // namespace tapedeck
