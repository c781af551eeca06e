#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "tests/fakes/child_process.hpp"

namespace tapedeck {

/// An s3rver (npm) of a test's own, with one bucket. It stands for S3 in quick tests: it knows the operations, and
/// keeps type and metadata. It looks at no signature, ignores If-None-Match and If-Match, and can neither abort nor
/// list uploads in parts.
class S3rverProcess {
 public:
  /// Both the id and the secret of its only credentials.
  static constexpr const char* kSecret = "S3RVER";

  /// `script` is s3rver's bin/s3rver.js. Returns when it listens; throws std::runtime_error when it does not.
  S3rverProcess(const std::string& script, const std::string& bucket);

  /// "http://127.0.0.1:PORT"
  [[nodiscard]] const std::string& url() const noexcept { return url_; }

 private:
  TemporaryFolder folder_;
  ChildProcess process_;
  std::string url_;
};

}  // namespace tapedeck
