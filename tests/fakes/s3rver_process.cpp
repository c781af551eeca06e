#include "tests/fakes/s3rver_process.hpp"

#include "tests/fakes/redis_process.hpp"

namespace tapedeck {
namespace {

constexpr std::string_view kListening = "listening on ";

}  // namespace

S3rverProcess::S3rverProcess(const std::string& script, const std::string& bucket)
    : process_({"node", script, "--silent", "--directory", folder_.path() + "/data", "--address", "127.0.0.1", "--port",
                "0", "--configure-bucket", bucket},
               folder_.path() + "/output") {
  wait_until("the start of s3rver", [this] {
    process_.check_running();
    const std::string output = process_.output();
    const std::size_t begin = output.find(kListening);
    const std::size_t end = output.find('\n', std::min(begin, output.size()));
    if (begin == std::string::npos || end == std::string::npos) return false;
    url_ = "http://" + output.substr(begin + kListening.size(), end - begin - kListening.size());
    return true;
  });
}

}  // namespace tapedeck
