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

#include "blobs/filesystem/file_descriptor.hpp"
#include "cli/command.hpp"
#include "main/data_dir.hpp"
#include "main/slot_stores.hpp"
#include "redis/server_check.hpp"
#include "runtime/run_task.hpp"

namespace tapedeck {
namespace {

struct DoctorOptions {
  bool is_offline = false;
};

// In the order of kConditions.
enum class Condition { kGood, kWarning, kBroken };
constexpr std::array kConditions{"ok", "warning", "broken"};

/// The result of one check, and how to mend what it found.
struct Diagnosis {
  std::string about;
  Condition condition = Condition::kGood;
  std::string what;
  std::string mend;  ///< empty when good
};

/// An account whose credentials are tried, and its owner.
struct AccountToTry {
  std::string owner;
  AccountSid account;
  std::string auth_token;
};

/// Free bytes of DATA_DIR below which doctor warns. A recording of an hour is about 14 MB of MP3.
constexpr std::uint64_t kFreeSpaceComfortable = 1'000'000'000;
/// Time of a disk sync above which doctor warns: a press of play waits for one before it is answered 202.
constexpr Milliseconds kSyncComfortable{20};
/// Descriptors that a server needs besides its connections: files, the database, downloads.
constexpr std::uint64_t kDescriptorsBesideConnections = 1'000;
/// Syncs that are timed; the median counts.
constexpr std::size_t kSyncsTimed = 9;
/// Network file systems (statfs(2)), where SQLite's write-ahead log does not work: it needs shared memory.
constexpr std::array<std::uint32_t, 3> kNetworkFileSystems{0x6969, 0xFF534D42, 0xFE534D42};

std::string message_of(int code) { return std::generic_category().message(code); }

// Times writes that reach the disk, as the call store's do. Error: the system's message.
Result<Milliseconds> time_syncs(const std::filesystem::path& file) {
  const FileDescriptor descriptor(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!descriptor) return fail(Errc::kIo, message_of(errno));
  ::unlink(file.c_str());
  const std::array<char, 4096> page{};
  std::array<std::chrono::nanoseconds, kSyncsTimed> times{};
  for (auto& time : times) {
    const auto begin = std::chrono::steady_clock::now();
    if (::write(descriptor.get(), page.data(), page.size()) < 0 || ::fdatasync(descriptor.get()) != 0) {
      return fail(Errc::kIo, message_of(errno));
    }
    time = std::chrono::steady_clock::now() - begin;
  }
  std::ranges::sort(times);
  return std::chrono::ceil<Milliseconds>(times[kSyncsTimed / 2]);
}

Diagnosis examine_writing(const Settings& settings) {
  const std::string directory = settings.data_dir.string();
  const auto sync = time_syncs(settings.data_dir / fmt::format("doctor.{}", ::getpid()));
  if (!sync) {
    return {"DATA_DIR", Condition::kBroken, fmt::format("{} cannot be written: {}", directory, sync.error().detail),
            fmt::format("make the user that runs tapedeck its owner: chown {} {}", ::geteuid(), directory)};
  }
  const std::string what = fmt::format("{} is writable; a sync takes {} ms", directory, sync->count());
  if (*sync <= kSyncComfortable) return {"DATA_DIR", Condition::kGood, what, ""};
  return {"DATA_DIR", Condition::kWarning, what,
          fmt::format("put DATA_DIR on a disk that syncs within {} ms: every press of play waits for a sync",
                      kSyncComfortable.count())};
}

Diagnosis examine_space(const Settings& settings) {
  struct statvfs status{};
  if (::statvfs(settings.data_dir.c_str(), &status) != 0) {
    return {"space", Condition::kBroken, message_of(errno), "check DATA_DIR"};
  }
  const std::uint64_t free = std::uint64_t{status.f_bavail} * status.f_frsize;
  const std::string what = fmt::format("{:.1f} GB are free", static_cast<double>(free) / 1e9);
  if (free >= kFreeSpaceComfortable) return {"space", Condition::kGood, what, ""};
  return {"space", free == 0 ? Condition::kBroken : Condition::kWarning, what,
          "free some, or move DATA_DIR to a larger disk: downloads wait while it is full"};
}

Diagnosis examine_file_system(const Settings& settings) {
  struct statfs status{};
  if (::statfs(settings.data_dir.c_str(), &status) != 0) {
    return {"file system", Condition::kBroken, message_of(errno), "check DATA_DIR"};
  }
  if (std::ranges::find(kNetworkFileSystems, static_cast<std::uint32_t>(status.f_type)) == kNetworkFileSystems.end()) {
    return {"file system", Condition::kGood, "DATA_DIR is on a local disk", ""};
  }
  return {"file system", Condition::kBroken, "DATA_DIR is on a network file system",
          "move it to a local disk: SQLite's locks and shared memory do not work over a network"};
}

Diagnosis examine_clock() {
  timex state{};
  const int synchronised = ::adjtimex(&state);
  if (synchronised >= 0 && synchronised != TIME_ERROR) {
    return {"clock", Condition::kGood, "the system clock is synchronised", ""};
  }
  return {"clock", Condition::kWarning, "the system clock is not synchronised",
          "install systemd-timesyncd or chrony: links and sessions expire by this clock"};
}

Diagnosis examine_public_url(const Settings& settings) {
  if (settings.public_url.empty()) {
    return {"PUBLIC_URL", Condition::kWarning,
            "is not set, so the provider's webhooks cannot be checked and are refused",
            "set it to the URL by which the provider reaches this server: PUBLIC_URL=https://calls.example.com"};
  }
  if (!settings.public_url.starts_with("https://")) {
    return {"PUBLIC_URL", Condition::kWarning, fmt::format("{} is not https", settings.public_url),
            "put a TLS proxy in front of this server, and set PUBLIC_URL to its address"};
  }
  return {"PUBLIC_URL", Condition::kGood, settings.public_url, ""};
}

Diagnosis examine_descriptors(const Settings& settings) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const auto needed = static_cast<std::uint64_t>(settings.connections_max) + kDescriptorsBesideConnections;
  const std::string what = fmt::format("{} open files are allowed, {} may be needed", limit.rlim_max, needed);
  if (limit.rlim_max >= needed) return {"open files", Condition::kGood, what, ""};
  return {"open files", Condition::kWarning, what,
          fmt::format("raise the limit (systemd: LimitNOFILE={}), or lower MAX_CONNECTIONS", needed)};
}

std::vector<Diagnosis> examine_machine(const Settings& settings) {
  std::vector<Diagnosis> diagnoses;
  if (const auto made = make_data_dir(settings.data_dir); made) {
    diagnoses.push_back(examine_writing(settings));
    diagnoses.push_back(examine_space(settings));
    diagnoses.push_back(examine_file_system(settings));
  } else {
    diagnoses.push_back({"DATA_DIR", Condition::kBroken, made.error().detail, "create it, or set DATA_DIR to another"});
  }
  diagnoses.push_back(examine_clock());
  diagnoses.push_back(examine_public_url(settings));
  diagnoses.push_back(examine_descriptors(settings));
  return diagnoses;
}

void examine_redis(CommandContext& context, std::vector<Diagnosis>& diagnoses) {
  constexpr const char* kAbout = "REDIS_URL";
  NoEvents events;
  const auto slots = open_slot_store(context.settings, context.clock, events, context.random);
  if (!slots) {
    diagnoses.push_back({kAbout, Condition::kBroken, slots.error().detail, "correct the file that REDIS_URL names"});
    return;
  }
  const auto found = run_task(redis::check_servers(*slots->client));
  if (!found) {
    diagnoses.push_back({kAbout, Condition::kBroken, found.error().detail,
                         "check that Redis runs, and that address, user and password are correct"});
    return;
  }
  for (const redis::Finding& one : *found) {
    const bool is_error = one.level == redis::Finding::Level::kError;
    diagnoses.push_back({kAbout, is_error ? Condition::kBroken : Condition::kWarning, one.node, one.sentence});
  }
  if (found->empty()) {
    diagnoses.push_back({kAbout, Condition::kGood, "Redis answers, and its configuration is safe", ""});
  }
}

Diagnosis examine_storage(CommandContext& context) {
  OffloadPool disk("disk", 1);
  const auto blobs = open_blob_store(context.settings, disk, context.clock, context.random);
  const auto answer = blobs ? run_task(blobs->store().ping()) : fail(blobs.error());
  constexpr const char* kAbout = "STORAGE_URL";
  if (answer) return {kAbout, Condition::kGood, "the object store can be read and written", ""};
  return {kAbout, Condition::kBroken, answer.error().detail,
          "compare bucket, endpoint, region and keys with the object store's console"};
}

// The account of the settings, and those of the businesses where a call store exists already.
std::vector<AccountToTry> accounts_to_try(CommandContext& context, std::vector<Diagnosis>& diagnoses) {
  const Settings& settings = context.settings;
  std::vector<AccountToTry> accounts;
  if (!settings.account.empty()) accounts.push_back({"the settings", settings.account, settings.auth_token});
  std::error_code ignored;
  const bool is_shared = !settings.database_url.empty();
  if (!is_shared && !std::filesystem::exists(settings.data_dir / kDatabaseFile, ignored)) return accounts;
  const auto calls = context.open_calls();
  if (!calls) {
    diagnoses.push_back(
        {"database", Condition::kBroken, calls.error().detail,
         is_shared ? "check that PostgreSQL runs, and that DATABASE_URL names it" : "restore DATA_DIR from a backup"});
    return accounts;
  }
  if (is_shared) diagnoses.push_back({"database", Condition::kGood, "PostgreSQL answers", ""});
  const auto businesses = run_task(calls->store().list_businesses());
  if (!businesses) {
    diagnoses.push_back({"businesses", Condition::kBroken, businesses.error().detail, "check SECRET_KEY and the disk"});
    return accounts;
  }
  for (const Business& business : *businesses) {
    if (!business.account.empty()) {
      accounts.push_back({"business " + business.id.str(), business.account, business.auth_token});
    }
  }
  return accounts;
}

// Asks for a recording that cannot exist: the answer "no such recording" shows that the credentials are good.
Diagnosis examine_account(RecordingSource& source, const AccountToTry& one) {
  const FetchRequest request{.recording = *RecordingSid::parse("RE00000000000000000000000000000000"),
                             .media_account = one.account,
                             .login_account = one.account,
                             .auth_token = one.auth_token,
                             .format = AudioFormat::kMp3};
  const auto answer = run_task(source.describe(request, {}));
  const std::string about = fmt::format("account of {}", one.owner);
  if (answer) return {about, Condition::kGood, fmt::format("the provider accepts {}", one.account.str()), ""};
  if (answer.error().errc() == Errc::kProviderUnauthorized) {
    return {about, Condition::kBroken,
            fmt::format("the provider refuses {}: {}", one.account.str(), answer.error().detail),
            "compare account SID and auth token with the provider's console, and TWILIO_BASE_URL with the account's "
            "region"};
  }
  return {about, Condition::kBroken, answer.error().detail,
          "check that this machine reaches TWILIO_BASE_URL (name resolution, proxy, firewall)"};
}

// kFailed when something is broken.
int report(const std::vector<Diagnosis>& diagnoses, const Output& output) {
  boost::json::array list;
  for (const Diagnosis& one : diagnoses) {
    const char* condition = kConditions.at(static_cast<std::size_t>(one.condition));
    list.push_back(boost::json::object{
        {"about", one.about}, {"verdict", condition}, {"what", one.what}, {"mend", json_or_null(one.mend)}});
    if (output.json) continue;
    output.out << fmt::format("{:<8} {}: {}\n", condition, one.about, one.what);
    if (!one.mend.empty()) output.out << fmt::format("{:<8}   -> {}\n", "", one.mend);
  }
  if (output.json) print_json(output.out, list);
  return std::ranges::find(diagnoses, Condition::kBroken, &Diagnosis::condition) == diagnoses.end() ? kDone : kFailed;
}

Result<int> run_doctor(CommandContext& context, const DoctorOptions& options) {
  std::vector<Diagnosis> diagnoses = examine_machine(context.settings);
  if (!context.settings.redis_url.empty()) examine_redis(context, diagnoses);
  if (!context.settings.storage_url.empty()) diagnoses.push_back(examine_storage(context));
  if (!options.is_offline) {
    const auto accounts = accounts_to_try(context, diagnoses);
    const auto source = context.line.open_source(context.settings);
    for (const AccountToTry& one : accounts) diagnoses.push_back(examine_account(*source, one));
  }
  return report(diagnoses, context.output);
}

}  // namespace

void add_doctor(CommandSet& commands) {
  auto [doctor, options] =
      commands.add<DoctorOptions>({.name = "doctor",
                                   .help = "Check this machine, the settings and the provider accounts for faults.",
                                   .examples = "  tapedeck doctor\n  tapedeck doctor --offline --json",
                                   .shows_all_settings = true},
                                  run_doctor);
  doctor.flag("--offline", options.is_offline, "Do not contact the provider.");
}

}  // namespace tapedeck
