#include "cli/commands/doctor.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "cli/exit_code.hpp"
#include "main/data_dir.hpp"
#include "runtime/run_task.hpp"
#include "slots/redis/server_check.hpp"

namespace tapedeck {
namespace {

/// Syncs that are timed; the middle one counts.
constexpr std::size_t kSyncsTimed = 9;
/// File systems of other machines (statfs(2)): SQLite's log of changes needs memory that all its users share.
constexpr std::array<std::uint32_t, 3> kNetworkFileSystems{0x6969, 0xFF534D42, 0xFE534D42};

std::string message_of(int code) { return std::generic_category().message(code); }

// Times writes that reach the disk, as the call store's do. Empty: `problem` says why not.
std::optional<Milliseconds> time_syncs(const std::filesystem::path& file, int& problem) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    problem = errno;
    return std::nullopt;
  }
  const std::array<char, 4096> page{};
  std::array<std::chrono::nanoseconds, kSyncsTimed> times{};
  problem = 0;
  for (auto& time : times) {
    const auto begin = std::chrono::steady_clock::now();
    if (::write(descriptor, page.data(), page.size()) < 0 || ::fdatasync(descriptor) != 0) {
      problem = errno;
      break;
    }
    time = std::chrono::steady_clock::now() - begin;
  }
  ::close(descriptor);
  ::unlink(file.c_str());
  if (problem != 0) return std::nullopt;
  std::ranges::sort(times);
  return std::chrono::ceil<Milliseconds>(times[kSyncsTimed / 2]);
}

Finding examine_writing(const Settings& settings) {
  const std::string directory = settings.data_dir.string();
  int problem = 0;
  const auto sync = time_syncs(settings.data_dir / fmt::format("doctor.{}", ::getpid()), problem);
  if (!sync) {
    return {"DATA_DIR", Verdict::kBroken, fmt::format("{} cannot be written: {}", directory, message_of(problem)),
            fmt::format("give it to the user that runs tapedeck: chown {} {}", ::geteuid(), directory)};
  }
  const std::string what = fmt::format("{} is writable; a sync takes {} ms", directory, sync->count());
  if (*sync <= kSyncComfortable) return {"DATA_DIR", Verdict::kFine, what, ""};
  return {"DATA_DIR", Verdict::kWarning, what,
          fmt::format("put DATA_DIR on a disk that syncs within {} ms: every press waits for one",
                      kSyncComfortable.count())};
}

Finding examine_space(const Settings& settings) {
  struct statvfs status{};
  if (::statvfs(settings.data_dir.c_str(), &status) != 0) {
    return {"space", Verdict::kBroken, message_of(errno), "see DATA_DIR"};
  }
  const std::uint64_t free = std::uint64_t{status.f_bavail} * status.f_frsize;
  const std::string what = fmt::format("{:.1f} GB are free", static_cast<double>(free) / 1e9);
  if (free >= kFreeSpaceComfortable) return {"space", Verdict::kFine, what, ""};
  return {"space", free == 0 ? Verdict::kBroken : Verdict::kWarning, what,
          "free some, or move DATA_DIR to a larger disk: downloads fail and wait while it is full"};
}

Finding examine_file_system(const Settings& settings) {
  struct statfs status{};
  if (::statfs(settings.data_dir.c_str(), &status) != 0) {
    return {"file system", Verdict::kBroken, message_of(errno), "see DATA_DIR"};
  }
  if (std::ranges::find(kNetworkFileSystems, static_cast<std::uint32_t>(status.f_type)) == kNetworkFileSystems.end()) {
    return {"file system", Verdict::kFine, "DATA_DIR is on a disk of this machine", ""};
  }
  return {"file system", Verdict::kBroken, "DATA_DIR is on another machine's disk",
          "move it to a disk of this machine: SQLite's locks and shared memory do not work over a network"};
}

Finding examine_clock() {
  timex state{};
  const int synchronised = ::adjtimex(&state);
  if (synchronised >= 0 && synchronised != TIME_ERROR) {
    return {"clock", Verdict::kFine, "the system clock is kept in step", ""};
  }
  return {"clock", Verdict::kWarning, "nothing keeps the system clock in step",
          "install systemd-timesyncd or chrony: links and sessions expire by this clock"};
}

Finding examine_public_url(const Settings& settings) {
  if (settings.public_url.empty()) {
    return {"PUBLIC_URL", Verdict::kWarning, "is not set, so the provider's webhooks cannot be checked and are refused",
            "set it to how the provider reaches this server: PUBLIC_URL=https://calls.example.com"};
  }
  if (!settings.public_url.starts_with("https://")) {
    return {"PUBLIC_URL", Verdict::kWarning, fmt::format("{} is not https", settings.public_url),
            "put a proxy that speaks TLS before this server, and name it in PUBLIC_URL"};
  }
  return {"PUBLIC_URL", Verdict::kFine, settings.public_url, ""};
}

Finding examine_descriptors(const Settings& settings) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const auto needed = static_cast<std::uint64_t>(settings.connections_max) + kDescriptorsBesideConnections;
  const std::string what = fmt::format("{} open files are allowed, {} may be needed", limit.rlim_max, needed);
  if (limit.rlim_max >= needed) return {"open files", Verdict::kFine, what, ""};
  return {"open files", Verdict::kWarning, what,
          fmt::format("raise the limit (systemd: LimitNOFILE={}), or lower MAX_CONNECTIONS", needed)};
}

Finding examine_account(const AccountToTry& one, const Result<RemoteStatus>& answer) {
  const std::string about = fmt::format("account of {}", one.owner);
  if (answer) return {about, Verdict::kFine, fmt::format("the provider accepts {}", one.account.str()), ""};
  if (answer.error().errc() == Errc::kProviderUnauthorized) {
    return {about, Verdict::kBroken,
            fmt::format("the provider refuses {}: {}", one.account.str(), answer.error().detail),
            "compare account SID and auth token with the provider's console, and TWILIO_BASE_URL with the account's "
            "region"};
  }
  return {about, Verdict::kBroken, answer.error().detail,
          "see that this machine reaches TWILIO_BASE_URL (name resolution, proxy, firewall)"};
}

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kFine:
      return "ok";
    case Verdict::kWarning:
      return "warning";
    case Verdict::kBroken:
      return "broken";
  }
  return "broken";
}

}  // namespace

std::vector<Finding> examine_machine(const Settings& settings) {
  std::vector<Finding> findings;
  if (const auto made = make_data_dir(settings.data_dir); made) {
    findings.push_back(examine_writing(settings));
    findings.push_back(examine_space(settings));
    findings.push_back(examine_file_system(settings));
  } else {
    findings.push_back({"DATA_DIR", Verdict::kBroken, made.error().detail, "make it, or name another in DATA_DIR"});
  }
  findings.push_back(examine_clock());
  findings.push_back(examine_public_url(settings));
  findings.push_back(examine_descriptors(settings));
  return findings;
}

std::vector<Finding> examine_redis(const Result<OpenSlotStore>& slots) {
  constexpr const char* kAbout = "REDIS_URL";
  if (!slots) return {{kAbout, Verdict::kBroken, slots.error().detail, "mend the file that it names"}};
  const auto found = run_task(redis::check_servers(*slots->client));
  if (!found) {
    return {{kAbout, Verdict::kBroken, found.error().detail,
             "see that Redis runs, and that address, user and password are right"}};
  }
  std::vector<Finding> findings;
  for (const redis::ServerFlaw& one : *found) {
    const bool is_error = one.level == redis::ServerFlaw::Level::kError;
    findings.push_back({kAbout, is_error ? Verdict::kBroken : Verdict::kWarning, one.node, one.sentence});
  }
  if (findings.empty())
    findings.push_back({kAbout, Verdict::kFine, "Redis answers, and is set up as it should be", ""});
  return findings;
}

Finding examine_storage(const Result<void>& answer) {
  constexpr const char* kAbout = "STORAGE_URL";
  if (answer) return {kAbout, Verdict::kFine, "the object store takes and gives objects", ""};
  return {kAbout, Verdict::kBroken, answer.error().detail,
          "compare bucket, endpoint, region and keys with the object store's console"};
}

std::vector<Finding> examine_accounts(RecordingSource& source, const std::vector<AccountToTry>& accounts) {
  std::vector<Finding> findings;
  for (const AccountToTry& one : accounts) {
    const FetchRequest request{.recording = *RecordingSid::parse("RE00000000000000000000000000000000"),
                               .media_account = one.account,
                               .login_account = one.account,
                               .auth_token = one.auth_token,
                               .format = AudioFormat::kMp3};
    findings.push_back(examine_account(one, run_task(source.describe(request, {}))));
  }
  return findings;
}

int report(const std::vector<Finding>& findings, const Output& output) {
  boost::json::array list;
  for (const Finding& finding : findings) {
    if (output.json) {
      boost::json::object object;
      object["about"] = finding.about;
      object["verdict"] = verdict_name(finding.verdict);
      object["what"] = finding.what;
      object["mend"] = finding.mend.empty() ? boost::json::value() : boost::json::value(finding.mend);
      list.push_back(std::move(object));
      continue;
    }
    output.out << fmt::format("{:<8} {}: {}\n", verdict_name(finding.verdict), finding.about, finding.what);
    if (!finding.mend.empty()) output.out << fmt::format("{:<8}   -> {}\n", "", finding.mend);
  }
  if (output.json) print_json(output.out, list);
  const bool broken = std::ranges::find(findings, Verdict::kBroken, &Finding::verdict) != findings.end();
  return broken ? kFailed : kDone;
}

}  // namespace tapedeck
