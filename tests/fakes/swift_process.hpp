#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/fakes/child_process.hpp"

namespace tapedeck {

/// An OpenStack Swift of a test's own (Debian's python3-swift): a proxy with the s3api filter, and one account,
/// container and object server each, on free ports of the loopback interface. A second S3, by other people than
/// s3rver's: it checks every signature and every hash of a body, minds If-Match, and lists and aborts uploads in parts.
/// It answers 501 to If-None-Match on a PUT, and minds it at the end of an upload in parts.
class SwiftProcess {
 public:
  static constexpr const char* kAccessKey = "test:tester";
  static constexpr const char* kSecret = "testing";
  /// Parts but the last are at least as long.
  static constexpr int kPartBytesMin = 50'000;

  /// Returns when it answers; throws std::runtime_error when it does not.
  SwiftProcess();

  /// "http://127.0.0.1:PORT"
  [[nodiscard]] const std::string& url() const noexcept { return url_; }

 private:
  void start();
  void write_rings(const std::vector<std::uint16_t>& ports);
  void start_server(const std::string& name, const std::string& config);

  TemporaryFolder folder_;
  std::vector<std::unique_ptr<ChildProcess>> servers_;
  std::string url_;
  std::uint16_t port_ = 0;
};

}  // namespace tapedeck
