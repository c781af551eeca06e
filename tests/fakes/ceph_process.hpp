#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/fakes/child_process.hpp"

namespace tapedeck {

/// A Ceph of a test's own (Debian's ceph-mon, ceph-osd and radosgw): one monitor, one object server whose objects are
/// in memory, and an object gateway that speaks S3, without a manager, passwords or systemd. A third S3, and the one
/// that minds If-None-Match on every write. Starting it takes about ten seconds.
class CephProcess {
 public:
  static constexpr const char* kAccessKey = "TESTER";
  static constexpr const char* kSecret = "testing";
  /// Parts but the last are at least as long.
  static constexpr int kPartBytesMin = 50'000;

  /// Returns when it answers; throws std::runtime_error when it does not.
  CephProcess();

  /// "http://127.0.0.1:PORT"
  [[nodiscard]] const std::string& url() const noexcept { return url_; }

 private:
  void start();
  /// Runs one of Ceph's programs to its end.
  void run(std::vector<std::string> words) const;
  void start_server(std::vector<std::string> words);
  void wait_for_gateway(std::uint16_t port);

  std::unique_ptr<TemporaryFolder> folder_;
  std::vector<std::unique_ptr<ChildProcess>> servers_;
  std::string url_;
};

}  // namespace tapedeck
