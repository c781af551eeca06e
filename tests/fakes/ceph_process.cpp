#include "tests/fakes/ceph_process.hpp"

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string_view>

#include <fmt/format.h>

#include "tests/fakes/redis_process.hpp"

namespace tapedeck {
namespace {

// Somebody else may take a free port before a server does.
constexpr int kPortAttempts = 5;
// A monitor that is not there after this, in seconds, will not come.
constexpr const char* kConnectTimeout = "30";

constexpr const char* kConfig = R"([global]
fsid = {id}
mon host = v1:127.0.0.1:{monitor_port}
public addr = 127.0.0.1
ms bind msgr2 = false
auth cluster required = none
auth service required = none
auth client required = none
run dir = {folder}
admin socket =
log file =
log to stderr = true
err to stderr = true
mon data = {folder}/mon
mon data avail crit = 0
mon allow pool size one = true
osd data = {folder}/osd
osd objectstore = memstore
osd class update on start = false
osd crush update on start = false
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
[client.gateway]
rgw data = {folder}/gateway
rgw frontends = beast endpoint=127.0.0.1:{gateway_port}
rgw multipart min part size = {part_bytes_min}
)";

std::string new_uuid() {
  std::string uuid;
  std::getline(std::ifstream("/proc/sys/kernel/random/uuid"), uuid);
  return uuid;
}

}  // namespace

CephProcess::CephProcess() {
  for (int attempt = 1;; ++attempt) {
    try {
      start();
      return;
    } catch (const std::exception& failure) {
      servers_.clear();
      const std::string_view why = failure.what();
      if (attempt == kPortAttempts || (!why.contains("already in use") && !why.contains("unable to bind"))) throw;
    }
  }
}

void CephProcess::start() {
  folder_ = std::make_unique<TemporaryFolder>();
  const std::string& folder = folder_->path();
  for (const char* name : {"/mon", "/osd", "/gateway"}) std::filesystem::create_directory(folder + name);
  const std::string id = new_uuid();
  const std::uint16_t monitor_port = free_port();
  const std::uint16_t gateway_port = free_port();
  url_ = fmt::format("http://127.0.0.1:{}", gateway_port);
  std::ofstream(folder + "/ceph.conf") << fmt::format(
      kConfig, fmt::arg("id", id), fmt::arg("folder", folder), fmt::arg("monitor_port", monitor_port),
      fmt::arg("gateway_port", gateway_port), fmt::arg("part_bytes_min", kPartBytesMin));

  const std::string map = folder + "/monmap";
  run({"monmaptool", "--create", "--fsid", id, "--addv", "a", fmt::format("[v1:127.0.0.1:{}]", monitor_port), map});
  run({"ceph-mon", "--mkfs", "-i", "a", "--monmap", map});
  start_server({"ceph-mon", "-i", "a"});
  const std::string disk = new_uuid();
  run({"ceph", "--connect-timeout", kConnectTimeout, "osd", "new", disk});
  run({"ceph", "--connect-timeout", kConnectTimeout, "osd", "crush", "add", "osd.0", "1.0", "root=default",
       "host=one"});
  run({"ceph-osd", "--mkfs", "-i", "0", "--osd-uuid", disk});
  start_server({"ceph-osd", "-i", "0"});
  start_server({"radosgw", "-n", "client.gateway"});
  wait_for_gateway(gateway_port);
  run({"radosgw-admin", "user", "create", "--uid", "tester", "--display-name", "Tester", "--access-key", kAccessKey,
       "--secret-key", kSecret});
}

void CephProcess::run(std::vector<std::string> words) const {
  words.insert(words.begin() + 1, {"-c", folder_->path() + "/ceph.conf"});
  const std::string name = words.front();
  ChildProcess(std::move(words), folder_->path() + "/" + name + "-once.log").wait();
}

void CephProcess::start_server(std::vector<std::string> words) {
  const std::string name = words.front();
  words.insert(words.end(), {"-f", "-c", folder_->path() + "/ceph.conf"});
  servers_.push_back(std::make_unique<ChildProcess>(std::move(words), folder_->path() + "/" + name + ".log"));
}

// It listens once its pools are there.
void CephProcess::wait_for_gateway(std::uint16_t port) {
  wait_until("the start of Ceph", [this, port] {
    for (const auto& server : servers_) server->check_running();
    return accepts_connections(port);
  });
}

}  // namespace tapedeck
