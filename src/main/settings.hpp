#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "domain/recording.hpp"
#include "telemetry/logger.hpp"

namespace tapedeck {

/// How the bytes of a recording come to whoever plays it.
enum class Delivery {
  kStream,    ///< through this process
  kRedirect,  ///< from the object store, by a link that this process signs
};

struct ListenAddress {
  std::string host;        ///< an IP address, without brackets
  std::uint16_t port = 0;  ///< 0: any that is free
  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

/// What the process was told, checked: see setting_table() for each one's meaning, range and default. Made once at the
/// start, by load_config(), and const from then on.
struct Settings {
  ListenAddress listen;
  std::string public_url;  ///< scheme, host and perhaps a path, without a slash at the end; empty: not told
  std::vector<std::string> cors_origins;
  std::filesystem::path data_dir;
  std::string database_url;  ///< empty: SQLite in `data_dir`
  std::string storage_url;   ///< empty: files in `data_dir`
  Delivery delivery = Delivery::kStream;
  std::string redis_url;   ///< empty: the slot store is in the process
  bool is_worker = false;  ///< ENABLE_SCHEDULERS; without REDIS_URL a process is API and worker whatever this says
  int downloads_max = 0;
  int slots_per_business = 0;
  bool lists_provider = true;  ///< RECONCILE_LISTING
  AccountSid account;          ///< empty: no default account
  std::string auth_token;      ///< of `account`
  std::string provider_url;
  AudioFormat format = AudioFormat::kMp3;
  int peaks_threads = 0;   ///< 0: recordings are not decoded by this process
  std::string secret_key;  ///< 32 bytes; empty: see load_secret_key()
  LogFormat log_format = LogFormat::kText;
  Severity log_level = Severity::kInfo;
  int http_loops = 0;  ///< 0: one for each core
  int connections_max = 0;
  Seconds shutdown_grace{0};
  std::vector<std::string> warnings;  ///< sentences for the log, once it is open
};

/// What a process is for.
enum class Role {
  kAlone,   ///< API and worker in one: without REDIS_URL
  kApi,     ///< answers requests, never downloads
  kWorker,  ///< downloads; answers only health, readiness and metrics
};
[[nodiscard]] inline Role role_of(const Settings& settings) {
  if (settings.redis_url.empty()) return Role::kAlone;
  return settings.is_worker ? Role::kWorker : Role::kApi;
}
[[nodiscard]] std::string_view role_name(Role role) noexcept;

}  // namespace tapedeck
