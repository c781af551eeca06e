#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "app/access.hpp"
#include "cli/cli.hpp"
#include "cli/commands/business.hpp"
#include "cli/commands/doctor.hpp"
#include "cli/commands/import.hpp"
#include "cli/commands/key.hpp"
#include "cli/commands/output.hpp"
#include "cli/commands/queue.hpp"
#include "cli/commands/reconcile.hpp"
#include "cli/commands/show_config.hpp"
#include "cli/copy_commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/interrupt.hpp"
#include "cli/keeping_cli.hpp"
#include "main/config.hpp"
#include "main/secret_key.hpp"
#include "main/slot_stores.hpp"
#include "main/stores.hpp"
#include "runtime/run_task.hpp"
#include "runtime/system_clock.hpp"
#include "runtime/system_random.hpp"

// What each command does with the stores of its settings; cli.cpp says what it is called and takes.

namespace tapedeck {

/// Where a demo keeps its data unless DATA_DIR says otherwise: never among a real server's.
inline constexpr std::string_view kDemoDataDir = "./demo-data";

// What the command line holds once it is parsed: the settings, and one command to run with them.
struct Parsed {
  SettingTexts flags;
  std::optional<std::string> settings_file;
  bool json = false;
  bool offline = false;
  BusinessChange business;
  std::optional<std::string> key_business;
  bool key_operator = false;
  std::string key_name;
  std::int64_t key_id = 0;
  std::optional<std::string> queue_business;
  bool repair = false;
  ImportArguments import;
  ReconcileArguments reconcile;
  KeepingOrders keeping;
  DemoOptions demo;
  CopyRequests copies;
  std::function<int(const Config&)> run;
};

// An open store and what commands make of it.
struct Opened {
  OpenCallStore calls;
  std::unique_ptr<Access> access;
};

// Commands print what they do; the slot store's events are the servers' to log.
class NoEvents final : public EventSink {
 public:
  void emit(const Event&) noexcept override {}
};

class Commands {
 public:
  Commands(const CommandLine& line, Parsed& parsed) : line_(line), parsed_(parsed) {}

  int serve(const Config& config) const { return line_.serve(config.settings); }

  int demo(const Config& config) const {
    Settings settings = config.settings;
    const auto data_dir =
        std::ranges::find(config.effective, "DATA_DIR", [](const EffectiveSetting& one) { return one.setting->name; });
    if (data_dir->origin == SettingOrigin::kDefault) settings.data_dir = kDemoDataDir;
    return line_.demo(settings, parsed_.demo);
  }

  int business(const Config& config, int (*command)(BusinessStore&, const BusinessChange&, const Output&)) {
    if (parsed_.business.auth_token == "-") parsed_.business.auth_token = read_line();
    return with_store(config,
                      [&](Opened& opened) { return command(opened.calls.store(), parsed_.business, output()); });
  }

  int pause(const Config& config, bool paused) {
    return with_store(config, [&](Opened& opened) {
      return pause_business(opened.calls.store(), parsed_.business.id, paused, output());
    });
  }

  int businesses(const Config& config) {
    return with_store(config, [&](Opened& opened) { return list_businesses(opened.calls.store(), output()); });
  }

  int key_create(const Config& config) {
    return with_store(config, [&](Opened& opened) {
      return create_key(*opened.access, parsed_.key_business, parsed_.key_name, output());
    });
  }

  int keys(const Config& config) {
    return with_store(config, [&](Opened& opened) { return list_keys(opened.calls.store(), output()); });
  }

  int key_revoke(const Config& config) {
    return with_store(config, [&](Opened& opened) {
      return revoke_key(opened.calls.store(), *opened.access, parsed_.key_id, output());
    });
  }

  int queue(const Config& config) {
    const Settings& settings = config.settings;
    if (settings.redis_url.empty()) {
      return fail_command(output(), Error(Errc::kInvalidArgument,
                                          "without REDIS_URL the slots are in the server's memory: ask it, by "
                                          "GET /api/queue with a key of the business"));
    }
    if (parsed_.repair && !parsed_.queue_business) {
      return fail_command(output(), Error(Errc::kInvalidArgument, "--repair needs --business ID"));
    }
    NoEvents events;
    auto slots = open_slot_store(settings, clock_, events, random_);
    if (!slots) return fail_command(output(), slots.error());
    return with_store(config, [&](Opened& opened) {
      CallStore& calls = opened.calls.store();
      if (!parsed_.repair) return show_queue(calls, calls, slots->store(), parsed_.queue_business, output());
      Businesses businesses(calls, clock_, provider_defaults(settings));
      SlotRecovery recovery(calls, calls, slots->store(), businesses, clock_, slots->recovery_hold);
      return repair_queue(recovery, *parsed_.queue_business, output());
    });
  }

  int import(const Config& config) {
    const auto listing = line_.open_listing(config.settings);
    return with_store(config, [&](Opened& opened) {
      CallStore& calls = opened.calls.store();
      Businesses businesses(calls, clock_, provider_defaults(config.settings));
      return import_recordings({calls, calls, calls, calls, businesses, *listing, clock_, random_}, parsed_.import,
                               output(), line_.out_is_terminal);
    });
  }

  int reconcile(const Config& config) {
    return with_store(config, [&](Opened& opened) {
      CallStore& calls = opened.calls.store();
      return ask_to_reconcile(calls, calls, provider_defaults(config.settings), clock_, parsed_.reconcile, output());
    });
  }

  int hold(const Config& config,
           int (*command)(BusinessStore&, KeepingStore&, AuditStore&, Clock&, const HoldChange&, const Output&)) {
    return with_store(config, [&](Opened& opened) {
      CallStore& calls = opened.calls.store();
      return command(calls, calls, calls, clock_, parsed_.keeping.hold, output());
    });
  }

  int erase(const Config& config) {
    return with_stores(config, [&](CallStore& calls, BlobStore& blobs) {
      return erase_choice(calls, calls, calls, blobs, clock_, parsed_.keeping.erase, output());
    });
  }

  int audit(const Config& config) {
    return with_store(config, [&](Opened& opened) {
      CallStore& calls = opened.calls.store();
      return export_audit(calls, calls, parsed_.keeping.audit, output());
    });
  }

  int verify(const Config& config) {
    const Interrupt interrupt;
    return with_stores(config, [&](CallStore& calls, BlobStore& blobs) {
      Businesses businesses(calls, clock_, provider_defaults(config.settings));
      const auto source = line_.open_source(config.settings);
      return verify_blobs(calls, calls, blobs, *source, businesses, clock_, parsed_.keeping.verify, output(),
                          interrupt.token());
    });
  }

  int show(const Config& config) const {
    show_config(config, output());
    return kDone;
  }

  [[nodiscard]] Output output() const { return {line_.out, line_.err, parsed_.json}; }
  [[nodiscard]] Clock& clock() { return clock_; }
  [[nodiscard]] Random& random() { return random_; }

  int doctor(const Config& config) {
    std::vector<Finding> findings = examine_machine(config.settings);
    if (!config.settings.redis_url.empty()) {
      NoEvents events;
      const auto slots = open_slot_store(config.settings, clock_, events, random_);
      for (Finding& finding : examine_redis(slots)) findings.push_back(std::move(finding));
    }
    if (!config.settings.storage_url.empty()) findings.push_back(storage_finding(config.settings));
    if (!parsed_.offline) {
      const auto accounts = accounts_to_try(config.settings, findings);
      const auto source = line_.open_source(config.settings);
      for (Finding& finding : examine_accounts(*source, accounts)) findings.push_back(std::move(finding));
    }
    return report(findings, output());
  }

 private:
  [[nodiscard]] std::string read_line() const {
    std::string text;
    std::getline(line_.in, text);
    return text;
  }

  Result<Opened> open(const Settings& settings) {
    auto key = load_secret_key(settings, random_);
    if (!key) return fail(key.error());
    auto calls = open_call_store(settings, *key);
    if (!calls) return fail(calls.error());
    Opened opened{.calls = std::move(*calls), .access = nullptr};
    opened.access = std::make_unique<Access>(opened.calls.store(), clock_, random_, *key);
    return opened;
  }

  template <class Command>
  int with_store(const Config& config, Command command) {
    auto opened = open(config.settings);
    if (!opened) return fail_command(output(), opened.error());
    return command(*opened);
  }

  template <class Command>
  int with_stores(const Config& config, Command command) {
    OffloadPool pool("disk", 1);
    auto blobs = open_blob_store(config.settings, pool, clock_, random_);
    if (!blobs) return fail_command(output(), blobs.error());
    return with_store(config, [&](Opened& opened) { return command(opened.calls.store(), blobs->store()); });
  }

  Finding storage_finding(const Settings& settings) {
    OffloadPool pool("disk", 1);
    const auto blobs = open_blob_store(settings, pool, clock_, random_);
    if (!blobs) return examine_storage(fail(blobs.error()));
    return examine_storage(run_task(blobs->store().ping()));
  }

  // The settings' account, and those of the businesses where a store is there already.
  std::vector<AccountToTry> accounts_to_try(const Settings& settings, std::vector<Finding>& findings) {
    std::vector<AccountToTry> accounts;
    if (!settings.account.empty()) accounts.push_back({"the settings", settings.account, settings.auth_token});
    std::error_code ignored;
    const bool is_shared = !settings.database_url.empty();
    if (!is_shared && !std::filesystem::exists(settings.data_dir / kDatabaseFile, ignored)) return accounts;
    auto opened = open(settings);
    if (!opened) {
      findings.push_back(
          {"database", Verdict::kBroken, opened.error().detail,
           is_shared ? "see that PostgreSQL runs, and that DATABASE_URL names it" : "restore DATA_DIR from a backup"});
      return accounts;
    }
    if (is_shared) findings.push_back({"database", Verdict::kFine, "PostgreSQL answers", ""});
    const auto businesses = run_task(opened->calls.store().list_businesses());
    if (!businesses) {
      findings.push_back({"businesses", Verdict::kBroken, businesses.error().detail, "see SECRET_KEY and the disk"});
      return accounts;
    }
    for (const Business& business : *businesses) {
      if (!business.account.empty()) {
        accounts.push_back({"business " + business.id.str(), business.account, business.auth_token});
      }
    }
    return accounts;
  }

  const CommandLine& line_;
  Parsed& parsed_;
  SystemClock clock_;
  SystemRandom random_;
};

}  // namespace tapedeck
