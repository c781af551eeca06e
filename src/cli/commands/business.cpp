#include "cli/commands/business.hpp"

#include <charconv>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "cli/exit_code.hpp"
#include "runtime/run_task.hpp"
#include "slots/protocol/slot_protocol.hpp"

namespace tapedeck {
namespace {

/// What stands for "as the settings say" in place of an account or a format.
constexpr std::string_view kAsSettings = "default";
/// What stands for "for ever" in place of days.
constexpr std::string_view kKeep = "keep";
/// A hundred years.
constexpr int kRetentionDaysMax = 36'500;

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
  boost::json::object object;
  object["id"] = business.id.str();
  object["account_sid"] = business.account.empty() ? boost::json::value() : boost::json::value(business.account.str());
  object["limit"] = business.limit == 0 ? boost::json::value() : boost::json::value(business.limit);
  object["format"] =
      business.format_is_default ? boost::json::value() : boost::json::value(format_name(business.format));
  object["paused"] = business.paused;
  object["retention_days"] =
      business.retention_days == 0 ? boost::json::value() : boost::json::value(business.retention_days);
  object["delete_at_provider"] = business.delete_at_provider;
  return object;
}

Result<std::optional<Business>> find(BusinessStore& businesses, const std::string& id_text) {
  const auto id = BusinessId::parse(id_text);
  if (!id) return fail(id.error());
  return run_task(businesses.find_business(*id));
}

Result<Business> find_existing(BusinessStore& businesses, const std::string& id) {
  auto found = find(businesses, id);
  if (!found) return fail(found.error());
  if (!*found)
    return fail(Errc::kNotFound, fmt::format("there is no business {}; add it with: tapedeck business add {}", id, id));
  return std::move(**found);
}

int put(BusinessStore& businesses, const Business& business, std::string_view what, const Output& output) {
  const auto put = run_task(businesses.put_business(business));
  if (!put) return fail_command(output, put.error());
  output.err << what << " business " << business.id.str() << '\n';
  if (output.json) print_json(output.out, to_json(business));
  return kDone;
}

}  // namespace

int add_business(BusinessStore& businesses, const BusinessChange& change, const Output& output) {
  const auto found = find(businesses, change.id);
  if (!found) return fail_command(output, found.error());
  if (*found) {
    return fail_command(output, Error(Errc::kConflict, fmt::format("business {} is there already; change it with: "
                                                                   "tapedeck business set {}",
                                                                   change.id, change.id)));
  }
  Business business;
  business.id = *BusinessId::parse(change.id);
  if (auto applied = apply(change, business); !applied) return fail_command(output, applied.error());
  return put(businesses, business, "added", output);
}

int set_business(BusinessStore& businesses, const BusinessChange& change, const Output& output) {
  auto business = find_existing(businesses, change.id);
  if (!business) return fail_command(output, business.error());
  if (auto applied = apply(change, *business); !applied) return fail_command(output, applied.error());
  return put(businesses, *business, "changed", output);
}

int pause_business(BusinessStore& businesses, const std::string& id, bool paused, const Output& output) {
  auto business = find_existing(businesses, id);
  if (!business) return fail_command(output, business.error());
  business->paused = paused;
  return put(businesses, *business, paused ? "paused" : "resumed", output);
}

int list_businesses(BusinessStore& store, const Output& output) {
  const auto businesses = run_task(store.list_businesses());
  if (!businesses) return fail_command(output, businesses.error());
  if (output.json) {
    boost::json::array list;
    for (const Business& business : *businesses) list.push_back(to_json(business));
    print_json(output.out, list);
    return kDone;
  }
  std::vector<std::vector<std::string>> rows{
      {"ID", "ACCOUNT", "LIMIT", "FORMAT", "PAUSED", "RETENTION", "AT PROVIDER"}};
  for (const Business& business : *businesses) {
    rows.push_back({business.id.str(), business.account.empty() ? std::string(kAsSettings) : business.account.str(),
                    business.limit == 0 ? std::string(kAsSettings) : fmt::format("{}", business.limit),
                    std::string(business.format_is_default ? kAsSettings : format_name(business.format)),
                    business.paused ? "yes" : "no",
                    business.retention_days == 0 ? std::string(kKeep) : fmt::format("{} d", business.retention_days),
                    business.delete_at_provider ? "deleted" : "kept"});
  }
  print_table(output.out, rows);
  return kDone;
}

}  // namespace tapedeck
