#include "cli/commands/key.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/text.hpp"
#include "cli/exit_code.hpp"
#include "runtime/run_task.hpp"

namespace tapedeck {
namespace {

/// Most bytes of a key's name.
constexpr std::size_t kKeyNameMax = 100;

boost::json::value or_null(const std::string& text) {
  return text.empty() ? boost::json::value() : boost::json::value(text);
}

boost::json::object to_json(const ApiKey& key) {
  boost::json::object object;
  object["id"] = key.id;
  object["business"] = or_null(key.business.str());
  object["name"] = key.name;
  object["created_at"] = format_rfc3339(key.created_at);
  object["revoked_at"] = or_null(key.revoked_at ? format_rfc3339(*key.revoked_at) : "");
  return object;
}

}  // namespace

int create_key(Access& access, const std::optional<std::string>& business, const std::string& name,
               const Output& output) {
  BusinessId id;
  if (business) {
    auto parsed = BusinessId::parse(*business);
    if (!parsed) return fail_command(output, parsed.error());
    id = std::move(*parsed);
  }
  if (name.size() > kKeyNameMax || !is_clean_text(name)) {
    return fail_command(
        output, Error(Errc::kInvalidArgument, fmt::format("--name: expected at most {} bytes of text", kKeyNameMax)));
  }
  const auto key = run_task(access.create_key(id, name));
  if (!key && is_not_found(key.error())) {
    return fail_command(output, Error(Errc::kNotFound, fmt::format("there is no business {}; add it with: tapedeck "
                                                                   "business add {}",
                                                                   id.str(), id.str())));
  }
  if (!key) return fail_command(output, key.error());
  if (output.json) {
    boost::json::object object;
    object["key"] = *key;
    object["business"] = or_null(id.str());
    object["name"] = name;
    print_json(output.out, object);
  } else {
    output.out << *key << '\n';
  }
  output.err << "Keep this key now: only its hash is stored, and it cannot be shown again.\n";
  return kDone;
}

int list_keys(KeyStore& store, const Output& output) {
  const auto keys = run_task(store.list_keys());
  if (!keys) return fail_command(output, keys.error());
  if (output.json) {
    boost::json::array list;
    for (const ApiKey& key : *keys) list.push_back(to_json(key));
    print_json(output.out, list);
    return kDone;
  }
  std::vector<std::vector<std::string>> rows{{"ID", "BUSINESS", "CREATED", "REVOKED", "NAME"}};
  for (const ApiKey& key : *keys) {
    rows.push_back({fmt::format("{}", key.id), key.business.empty() ? "(operator)" : key.business.str(),
                    format_rfc3339(key.created_at), key.revoked_at ? format_rfc3339(*key.revoked_at) : "-", key.name});
  }
  print_table(output.out, rows);
  return kDone;
}

int revoke_key(KeyStore& store, Access& access, std::int64_t id, const Output& output) {
  const auto keys = run_task(store.list_keys());
  if (!keys) return fail_command(output, keys.error());
  if (std::ranges::find(*keys, id, &ApiKey::id) == keys->end()) {
    return fail_command(output, Error(Errc::kNotFound, fmt::format("there is no key {}; see: tapedeck key list", id)));
  }
  const auto revoked = run_task(access.revoke_key(id));
  if (!revoked) return fail_command(output, revoked.error());
  output.err << "revoked key " << id << "; a running server forgets it within "
             << std::chrono::duration_cast<Seconds>(kKeyCacheTtl).count() << " s\n";
  return kDone;
}

}  // namespace tapedeck
