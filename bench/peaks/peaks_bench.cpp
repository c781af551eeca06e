// Measures a stored recording as a worker does, and prints the cost: peaks_bench FOLDER KEY TYPE [TIMES]
#include <chrono>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <string>

#include <fmt/format.h>
#include <sys/resource.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "blobs/filesystem/blob_store.hpp"
#include "media/peaks.hpp"
#include "media/sndfile/audio_meter.hpp"

namespace tapedeck {
namespace {

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Peak memory of the process. Not getrusage(), which includes the memory of the parent before exec().
long peak_resident_kb() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word && word != "VmHWM:") continue;
  long kilobytes = 0;
  status >> kilobytes;
  return kilobytes;
}

Task<> measure(BlobStore& blobs, AudioMeter& meter, std::string key, std::string type, int times) {
  for (int i = 0; i < times; ++i) {
    const auto began = std::chrono::steady_clock::now();
    const double cpu = cpu_seconds();
    auto blob = co_await blobs.open(key);
    if (!blob) throw std::runtime_error(blob.error().detail);
    auto measured = co_await meter.measure(std::move(*blob), type, {});
    if (!measured) throw std::runtime_error(measured.error().detail);
    const std::string json = peaks_json(measured->measure, measured->peaks);
    const auto wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    fmt::print(R"({{"wall":{:.4f},"cpu":{:.4f},"resident_kb":{},"audio":{:.3f},"channels":{},"json_bytes":{}}})"
               "\n",
               wall, cpu_seconds() - cpu, peak_resident_kb(),
               std::chrono::duration<double>(measured->measure.duration).count(), measured->measure.channels,
               json.size());
  }
}

int run(const std::string& folder, const std::string& key, const std::string& type, int times) {
  OffloadPool disk("disk", 1);
  FilesystemBlobStore blobs(disk, folder);
  SndfileAudioMeter meter(1);
  boost::asio::io_context loop(1);
  std::exception_ptr failure;
  boost::asio::co_spawn(loop, measure(blobs, meter, key, type, times),
                        [&failure](std::exception_ptr thrown) { failure = thrown; });
  loop.run();
  if (failure) std::rethrow_exception(failure);
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace tapedeck

int main(int count, char** words) {
  if (count < 4) {
    fmt::print(stderr, "peaks_bench FOLDER KEY TYPE [TIMES]\n");
    return 2;
  }
  try {
    return tapedeck::run(words[1], words[2], words[3], count > 4 ? std::atoi(words[4]) : 1);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return EXIT_FAILURE;
  }
}
