#include <charconv>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "runtime/run_task.hpp"
#include "slots/protocol/slot_protocol.hpp"

namespace tapedeck {
namespace {

/// The account or format of the settings.
constexpr std::string_view kAsSettings = "default";
/// A retention without end.
constexpr std::string_view kKeep = "keep";
/// A hundred years.
constexpr int kRetentionDaysMax = 36'500;

/// Options of `business add` and `business set`. Absent fields stay as they are.
struct BusinessChange {
  std::string id;
  std::optional<std::string> account;  ///< or kAsSettings
  std::optional<std::string> auth_token;
  std::optional<int> limit;                       ///< 0: that of the settings
  std::optional<std::string> format;              ///< or kAsSettings
  std::optional<std::string> retention;           ///< days, or kKeep
  std::optional<std::string> delete_at_provider;  ///< "yes" or "no"
};

struct BusinessPauseOptions {
  std::string id;
};

Result<void> apply_account(const BusinessChange& change, Business& business) {
  if (change.account == kAsSettings) {
    if (change.auth_token) return fail(Errc::kInvalidArgument, "the default account has its token in the settings");
    business.account = AccountSid();
    business.auth_token.clear();
    return {};
  }
  if (change.account) {
    auto account = AccountSid::parse(*change.account);
    if (!account) return fail(Errc::kInvalidArgument, "--account-sid: " + account.error().detail);
    if (*account != business.account && !change.auth_token) {
      return fail(Errc::kInvalidArgument, "--account-sid needs --auth-token: another account has another token");
    }
    business.account = std::move(*account);
  }
  if (change.auth_token) {
    if (business.account.empty()) return fail(Errc::kInvalidArgument, "--auth-token needs --account-sid");
    if (change.auth_token->empty()) return fail(Errc::kInvalidArgument, "--auth-token is empty");
    business.auth_token = *change.auth_token;
  }
  return {};
}

Result<void> apply_keeping(const BusinessChange& change, Business& business) {
  if (change.retention) {
    const std::string& text = *change.retention;
    int days = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), days);
    const bool is_number = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
    const bool is_right = text == kKeep || (is_number && days >= 1 && days <= kRetentionDaysMax);
    if (!is_right) {
      return fail(Errc::kInvalidArgument,
                  fmt::format("--retention: expected 1 to {} days, or keep", kRetentionDaysMax));
    }
    business.retention_days = days;
  }
  if (change.delete_at_provider) {
    if (change.delete_at_provider != "yes" && change.delete_at_provider != "no") {
      return fail(Errc::kInvalidArgument, "--delete-at-provider: expected yes or no");
    }
    business.delete_at_provider = change.delete_at_provider == "yes";
  }
  return {};
}

Result<void> apply(const BusinessChange& change, Business& business) {
  if (auto applied = apply_account(change, business); !applied) return applied;
  if (change.limit) {
    if (*change.limit < 0 || *change.limit > kSlotLimitMax) {
      return fail(Errc::kInvalidArgument,
                  fmt::format("--limit: expected 1 to {}, or 0 for the default", kSlotLimitMax));
    }
    business.limit = *change.limit;
  }
  if (change.format) {
    const auto format = parse_format(*change.format);
    if (!format && change.format != kAsSettings) {
      return fail(Errc::kInvalidArgument, "--format: expected mp3, wav, wav-dual or default");
    }
    business.format_is_default = !format;
    business.format = format.value_or(AudioFormat::kMp3);
  }
  return apply_keeping(change, business);
}

boost::json::object to_json(const Business& business) {
  const auto or_null = [](int number) { return number == 0 ? boost::json::value() : boost::json::value(number); };
  const std::string format(business.format_is_default ? "" : format_name(business.format));
  return {{"id", business.id.str()},
          {"account_sid", json_or_null(business.account.str())},
          {"limit", or_null(business.limit)},
          {"format", json_or_null(format)},
          {"paused", business.paused},
          {"retention_days", or_null(business.retention_days)},
          {"delete_at_provider", business.delete_at_provider}};
}

// "-" instead of a token: it is the next line of stdin, so that no other user sees it among the arguments.
BusinessChange with_token(const CommandContext& context, BusinessChange options) {
  if (options.auth_token == "-") std::getline(context.line.in, *options.auth_token);
  return options;
}

Result<int> put_business(CommandContext& context, CallStore& calls, const Business& business, std::string_view what) {
  const auto put = run_task(calls.put_business(business));
  if (!put) return fail(put.error());
  context.output.err << what << " business " << business.id.str() << '\n';
  if (context.output.json) print_json(context.output.out, to_json(business));
  return kDone;
}

Result<int> run_business_add(CommandContext& context, const BusinessChange& options) {
  const BusinessChange change = with_token(context, options);
  const auto calls = context.open_calls();
  if (!calls) return fail(calls.error());
  const auto known = known_business(calls->store(), change.id);
  if (known) {
    return fail(Errc::kConflict,
                fmt::format("business {0} exists already; change it with: tapedeck business set {0}", change.id));
  }
  if (!is_not_found(known.error())) return fail(known.error());
  Business business;
  business.id = *BusinessId::parse(change.id);
  if (auto applied = apply(change, business); !applied) return fail(applied.error());
  return put_business(context, calls->store(), business, "added");
}

// Applies `change` to a business that exists.
template <class Change>
Result<int> update_business(CommandContext& context, const std::string& id, std::string_view what, Change change) {
  const auto calls = context.open_calls();
  if (!calls) return fail(calls.error());
  auto business = known_business(calls->store(), id);
  if (!business) return fail(business.error());
  if (Result<void> changed = change(*business); !changed) return fail(changed.error());
  return put_business(context, calls->store(), *business, what);
}

Result<int> run_business_set(CommandContext& context, const BusinessChange& options) {
  const BusinessChange change = with_token(context, options);
  return update_business(context, change.id, "changed", [&](Business& business) { return apply(change, business); });
}

Result<int> run_business_pause(CommandContext& context, const BusinessPauseOptions& options, bool paused) {
  return update_business(context, options.id, paused ? "paused" : "resumed", [&](Business& business) -> Result<void> {
    business.paused = paused;
    return {};
  });
}

Result<int> run_business_list(CommandContext& context) {
  const auto calls = context.open_calls();
  if (!calls) return fail(calls.error());
  const auto businesses = run_task(calls->store().list_businesses());
  if (!businesses) return fail(businesses.error());
  boost::json::array array;
  std::vector<std::vector<std::string>> rows{
      {"ID", "ACCOUNT", "LIMIT", "FORMAT", "PAUSED", "RETENTION", "AT PROVIDER"}};
  for (const Business& business : *businesses) {
    array.push_back(to_json(business));
    rows.push_back({business.id.str(), business.account.empty() ? std::string(kAsSettings) : business.account.str(),
                    business.limit == 0 ? std::string(kAsSettings) : fmt::format("{}", business.limit),
                    std::string(business.format_is_default ? kAsSettings : format_name(business.format)),
                    business.paused ? "yes" : "no",
                    business.retention_days == 0 ? std::string(kKeep) : fmt::format("{} d", business.retention_days),
                    business.delete_at_provider ? "deleted" : "kept"});
  }
  context.output.json ? print_json(context.output.out, array) : print_table(context.output.out, rows);
  return kDone;
}

void add_change_options(CommandOptions& command, BusinessChange& change) {
  command.argument("ID", &change.id, "1 to 64 of A-Z a-z 0-9 _ and -");
  command.option("--account-sid", "AC...", &change.account, "The provider account. Default: that of the settings.");
  command.option("--auth-token", "TOKEN", &change.auth_token, "The account's token; - reads a line from stdin.");
  command.option("--limit", "N", &change.limit, "Most downloads at once; 0 means MAX_SLOTS_PER_BUSINESS.");
  command.option("--format", "FORMAT", &change.format, "mp3, wav or wav-dual. Default: RECORDING_FORMAT.");
  command.option("--retention", "DAYS|keep", &change.retention, "Days until recordings are deleted, or keep: never.");
  command.option("--delete-at-provider", "yes|no", &change.delete_at_provider,
                 "yes: delete each recording at the provider after its archive is verified. Default: no.");
}

}  // namespace

void add_business(CommandSet& commands) {
  CommandSet group = commands.add_group("business", "Add, change, pause and list businesses.");
  auto [adding, added] = group.add<BusinessChange>(
      {"add", "Add a business.",
       "  tapedeck business add dental --account-sid AC0123456789abcdef0123456789abcdef --auth-token -\n"
       "  tapedeck business add garage --limit 5"},
      run_business_add);
  add_change_options(adding, added);
  auto [setting, changed] =
      group.add<BusinessChange>({"set", "Change a business; options that are absent change nothing.",
                                 "  tapedeck business set garage --limit 2\n"
                                 "  tapedeck business set garage --account-sid default"},
                                run_business_set);
  add_change_options(setting, changed);
  auto [pausing, paused] = group.add<BusinessPauseOptions>(
      {"pause", "Start no more downloads for a business; running ones continue.", "  tapedeck business pause garage"},
      [](CommandContext& context, const BusinessPauseOptions& options) {
        return run_business_pause(context, options, true);
      });
  pausing.argument("ID", &paused.id, "The business.");
  auto [resuming, resumed] =
      group.add<BusinessPauseOptions>({"resume", "End a pause.", "  tapedeck business resume garage"},
                                      [](CommandContext& context, const BusinessPauseOptions& options) {
                                        return run_business_pause(context, options, false);
                                      });
  resuming.argument("ID", &resumed.id, "The business.");
  group.add({"list", "List the businesses.", "  tapedeck business list --json"}, run_business_list);
}

}  // namespace tapedeck
