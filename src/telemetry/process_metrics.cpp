#include "telemetry/process_metrics.hpp"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

namespace tapedeck {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

double processor_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  statm >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double open_descriptors() {
  const std::filesystem::directory_iterator entries("/proc/self/fd");
  // The descriptor of the iterator is one of them.
  return static_cast<double>(std::distance(entries, std::filesystem::directory_iterator())) - 1;
}

double descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<double>(limit.rlim_cur);
}

// proc(5): the 22nd field of /proc/self/stat is the start, in clock ticks after boot; "btime" of /proc/stat is the
// boot. The second field, the program's name in parentheses, may hold spaces.
double start_time() {
  std::ifstream file("/proc/self/stat");
  std::string stat((std::istreambuf_iterator<char>(file)), {});
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 22; ++field) fields >> skipped;
  double ticks = 0;
  fields >> ticks;
  std::ifstream system("/proc/stat");
  for (std::string line; std::getline(system, line);) {
    if (line.starts_with("btime "))
      return std::stod(line.substr(6)) + ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
  }
  return 0;
}

}  // namespace

void watch_process(Metrics& metrics) {
  metrics.watch(MetricKind::kCounter, "process_cpu_seconds_total", "Processor time used.", processor_seconds);
  metrics.watch(MetricKind::kGauge, "process_resident_memory_bytes", "Resident memory.", resident_bytes);
  metrics.watch(MetricKind::kGauge, "process_open_fds", "Open file descriptors.", open_descriptors);
  metrics.watch(MetricKind::kGauge, "process_max_fds", "File descriptors that may be open.", descriptor_limit);
  metrics.watch(MetricKind::kGauge, "process_start_time_seconds", "Start of the process, in Unix time.", start_time);
}

}  // namespace tapedeck
