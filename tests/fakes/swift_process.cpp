#include "tests/fakes/swift_process.hpp"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <fmt/format.h>

#include "tests/fakes/redis_process.hpp"

namespace tapedeck {
namespace {

// Debian's: another Python on the path does not have Debian's packages.
constexpr const char* kPython = "/usr/bin/python3";
// Somebody else may take a free port before a server does.
constexpr int kPortAttempts = 5;

// Arguments: the folder, then name and port of each server.
constexpr const char* kRingScript = R"(
import sys
from swift.common.ring import RingBuilder
for name, port in zip(sys.argv[2::2], sys.argv[3::2]):
    ring = RingBuilder(2, 1, 0)
    ring.add_dev({'region': 1, 'zone': 1, 'weight': 1, 'device': 'd', 'meta': '',
                  'ip': '127.0.0.1', 'port': int(port), 'replication_ip': '127.0.0.1', 'replication_port': int(port)})
    ring.rebalance()
    ring.get_ring().save('%s/%s.ring.gz' % (sys.argv[1], name))
)";

// Arguments: the folder, the configuration's path and the kind of server. The folder's swift.conf must be named before
// anything else, for /etc/swift need not exist.
constexpr const char* kServerScript = R"(
import sys
from swift.common import utils
utils.set_swift_dir(sys.argv[1])
from swift.common.wsgi import run_wsgi
sys.exit(run_wsgi(sys.argv[2], sys.argv[3]))
)";

constexpr const char* kSwiftConfig = "[swift-hash]\nswift_hash_path_suffix = test\nswift_hash_path_prefix = test\n";

constexpr const char* kDefaults = R"([DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
fallocate_reserve = 0
)";

constexpr const char* kStorageConfig = R"([pipeline:main]
pipeline = {name}-server
[app:{name}-server]
use = egg:swift#{name}
)";

constexpr const char* kProxyConfig = R"([pipeline:main]
pipeline = catch_errors cache listing_formats bulk s3api tempauth copy slo dlo versioned_writes proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
min_segment_size = {part_bytes_min}
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = {secret} .admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_versioned_writes = true
)";

constexpr std::array kStorageServers{"account", "container", "object"};

std::string user_name() {
  const ::passwd* entry = ::getpwuid(::geteuid());
  return entry == nullptr ? "root" : entry->pw_name;
}

}  // namespace

SwiftProcess::SwiftProcess() {
  std::filesystem::create_directories(folder_.path() + "/devices/d");
  std::ofstream(folder_.path() + "/swift.conf") << kSwiftConfig;
  for (int attempt = 1;; ++attempt) {
    try {
      start();
      return;
    } catch (const std::exception& failure) {
      servers_.clear();
      if (attempt == kPortAttempts || !std::string_view(failure.what()).contains("Address already in use")) throw;
    }
  }
}

void SwiftProcess::start() {
  std::vector<std::uint16_t> ports;
  for (std::size_t i = 0; i < kStorageServers.size(); ++i) ports.push_back(free_port());
  port_ = free_port();
  url_ = fmt::format("http://127.0.0.1:{}", port_);
  write_rings(ports);
  const std::string user = user_name();
  const auto defaults = [&](std::uint16_t port) {
    return fmt::format(kDefaults, fmt::arg("port", port), fmt::arg("user", user), fmt::arg("folder", folder_.path()));
  };
  for (std::size_t i = 0; i < kStorageServers.size(); ++i) {
    const std::string name = kStorageServers.at(i);
    start_server(name, defaults(ports[i]) + fmt::format(kStorageConfig, fmt::arg("name", name)));
  }
  start_server("proxy", defaults(port_) + fmt::format(kProxyConfig, fmt::arg("part_bytes_min", kPartBytesMin),
                                                      fmt::arg("secret", kSecret)));
  ports.push_back(port_);
  for (const std::uint16_t port : ports) {
    wait_until("the start of Swift", [this, port] {
      for (const auto& server : servers_) server->check_running();
      return accepts_connections(port);
    });
  }
}

void SwiftProcess::write_rings(const std::vector<std::uint16_t>& ports) {
  std::vector<std::string> words{kPython, "-c", kRingScript, folder_.path()};
  for (std::size_t i = 0; i < kStorageServers.size(); ++i) {
    words.emplace_back(kStorageServers.at(i));
    words.push_back(std::to_string(ports[i]));
  }
  ChildProcess(std::move(words), folder_.path() + "/rings.log").wait();
}

void SwiftProcess::start_server(const std::string& name, const std::string& config) {
  const std::string path = folder_.path() + "/" + name + ".conf";
  std::ofstream(path) << config;
  const std::vector<std::string> words{kPython, "-c", kServerScript, folder_.path(), path, name + "-server"};
  servers_.push_back(std::make_unique<ChildProcess>(words, folder_.path() + "/" + name + ".log"));
}

}  // namespace tapedeck
