#include <algorithm>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "app/access.hpp"
#include "base/text.hpp"
#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "runtime/run_task.hpp"

namespace tapedeck {
namespace {

/// Most bytes of a key's name.
constexpr std::size_t kKeyNameMax = 100;

struct KeyCreateOptions {
  std::optional<std::string> business;  ///< none: an operator's key
  bool is_operator = false;
  std::string name;
};

struct KeyRevokeOptions {
  std::int64_t id = 0;
};

Result<int> run_key_create(CommandContext& context, const KeyCreateOptions& options) {
  const auto secret = context.secret_key();
  if (!secret) return fail(secret.error());
  const auto calls = context.open_calls();
  if (!calls) return fail(calls.error());
  const auto business = known_business_id(calls->store(), options.business);
  if (!business) return fail(business.error());
  if (options.name.size() > kKeyNameMax || !is_clean_text(options.name)) {
    return fail(Errc::kInvalidArgument, fmt::format("--name: expected at most {} bytes of text", kKeyNameMax));
  }
  Access access(calls->store(), calls->store(), context.clock, context.random, *secret);
  const auto key = run_task(access.create_key(*business, options.name));
  if (!key) return fail(key.error());
  const Output& output = context.output;
  if (output.json) {
    print_json(output.out,
               boost::json::object{{"key", *key}, {"business", json_or_null(business->str())}, {"name", options.name}});
  } else {
    output.out << *key << '\n';
  }
  output.err << "Keep this key now: only its hash is stored, and it cannot be shown again.\n";
  return kDone;
}

Result<int> run_key_list(CommandContext& context) {
  const auto calls = context.open_calls();
  if (!calls) return fail(calls.error());
  const auto keys = run_task(calls->store().list_keys());
  if (!keys) return fail(keys.error());
  boost::json::array array;
  std::vector<std::vector<std::string>> rows{{"ID", "BUSINESS", "CREATED", "REVOKED", "NAME"}};
  for (const ApiKey& key : *keys) {
    const std::string created = format_rfc3339(key.created_at);
    const std::string revoked = key.revoked_at ? format_rfc3339(*key.revoked_at) : "";
    array.push_back(boost::json::object{{"id", key.id},
                                        {"business", json_or_null(key.business.str())},
                                        {"name", key.name},
                                        {"created_at", created},
                                        {"revoked_at", json_or_null(revoked)}});
    rows.push_back({fmt::format("{}", key.id), key.business.empty() ? "(operator)" : key.business.str(), created,
                    revoked.empty() ? "-" : revoked, key.name});
  }
  context.output.json ? print_json(context.output.out, array) : print_table(context.output.out, rows);
  return kDone;
}

Result<int> run_key_revoke(CommandContext& context, const KeyRevokeOptions& options) {
  const auto calls = context.open_calls();
  if (!calls) return fail(calls.error());
  const auto keys = run_task(calls->store().list_keys());
  if (!keys) return fail(keys.error());
  if (std::ranges::find(*keys, options.id, &ApiKey::id) == keys->end()) {
    return fail(Errc::kNotFound, fmt::format("there is no key {}; see: tapedeck key list", options.id));
  }
  const auto revoked = run_task(calls->store().revoke_key(options.id, context.clock.system_now()));
  if (!revoked) return fail(revoked.error());
  context.output.err << fmt::format("revoked key {}; a running server forgets it within {} s\n", options.id,
                                    std::chrono::duration_cast<Seconds>(kKeyCacheTtl).count());
  return kDone;
}

}  // namespace

void add_key(CommandSet& commands) {
  CommandSet group = commands.add_group("key", "Create, list and revoke API keys.");
  auto [creating, key] = group.add<KeyCreateOptions>(
      {"create", "Create an API key, and print it on stdout, this once.",
       "  KEY=$(tapedeck key create --business dental)\n  tapedeck key create --operator --name night-shift"},
      run_key_create);
  CommandOptions owner = creating.one_of("owner", "Owner of the key; exactly one of these");
  owner.option("--business", "ID", &key.business, "A business.");
  owner.flag("--operator", key.is_operator, "An operator, who acts for every business.");
  creating.option("--name", "TEXT", &key.name, "What the key is for.");

  group.add({"list", "List the keys, without their secrets.", "  tapedeck key list"}, run_key_list);

  auto [revoking, revoked] = group.add<KeyRevokeOptions>({.name = "revoke",
                                                          .help = "Revoke a key, and end the sessions that it opened.",
                                                          .examples = "  tapedeck key revoke 7",
                                                          .takes_json = false},
                                                         run_key_revoke);
  revoking.argument("KEY", &revoked.id, "The key's number; see: tapedeck key list");
}

}  // namespace tapedeck
