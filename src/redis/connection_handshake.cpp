#include "redis/connection_handshake.hpp"

#include <string_view>

namespace tapedeck::redis {
namespace {

using Kind = GreetingStep::Kind;

std::unexpected<Error> unfit(std::string sentence) { return fail(Errc::kUnavailable, std::move(sentence)); }

// Quotes Redis only where no sentence of ours fits. Redis never repeats a password.
std::string refusal(const Greeting& greeting, Kind step, const std::string& message) {
  const bool sentinel = greeting.kind == PeerKind::kSentinel;
  const std::string place = sentinel ? "the URL, as ?sentinel_password=" : "the URL, as redis://user:password@host";
  const std::string who = sentinel ? "The Sentinel" : "Redis";
  if (message.starts_with("NOAUTH")) return who + " asks for a password: put it into " + place;
  if (message.starts_with("WRONGPASS")) return who + " refused the user or the password of the URL: correct them";
  if (message.starts_with("NOPERM")) {
    return who + " does not let this user run a command that is needed (" + message + "): give the user +@all on ~" +
           greeting.key_pattern + ", or what its rules lack";
  }
  if (step == Kind::kLogin && message.contains("without any password")) {
    return who + " has no password set, but the URL gives one: set requirepass there, or leave it out here";
  }
  if (step == Kind::kDatabase) return "Redis has no database of this number: correct the one in the URL";
  if (message.starts_with("DENIED")) {
    return "Redis is in protected mode: set a password there, or bind it to an address of its own";
  }
  return who + " refused the connection: " + message;
}

Result<void> check_mode(const Greeting& greeting, const std::string& mode) {
  if (greeting.kind == PeerKind::kSentinel) {
    if (mode == "sentinel") return {};
    return unfit("the URL names this as a Sentinel, but it is a Redis: write redis://, or the Sentinels' ports");
  }
  if (mode == "sentinel") {
    return unfit("the URL leads to a Sentinel: write redis+sentinel://host:port/master-name");
  }
  if (greeting.kind == PeerKind::kClusterNode && mode != "cluster") {
    return unfit("the URL says redis+cluster://, but this Redis is no Cluster: write redis://");
  }
  if (greeting.kind != PeerKind::kClusterNode && mode == "cluster") {
    return unfit("the URL leads to a Redis Cluster: write redis+cluster://");
  }
  return {};
}

Result<void> take_info(const Greeting& greeting, const Reply& reply, Peer& peer) {
  const std::string* info = reply.text();
  if (info == nullptr) return unfit("Redis answered INFO with something else");
  peer.run_id = info_field(*info, "run_id");
  if (peer.run_id.empty()) return unfit("Redis does not tell its run_id in INFO server, which scripts need");
  return check_mode(greeting, info_field(*info, "redis_mode"));
}

Result<void> take_role(const Reply& reply) {
  const Reply::Array* parts = reply.array();
  const std::string* role = parts != nullptr && !parts->empty() ? parts->front().text() : nullptr;
  if (role != nullptr && *role == "master") return {};
  return unfit("the Redis that the Sentinels name is not the master at the moment");
}

}  // namespace

std::vector<GreetingStep> greeting_steps(const Greeting& greeting) {
  std::vector<GreetingStep> steps;
  const Login& login = greeting.login;
  if (!login.password.empty() && login.user.empty()) steps.push_back({Kind::kLogin, {"AUTH", login.password}});
  if (!login.password.empty() && !login.user.empty()) {
    steps.push_back({Kind::kLogin, {"AUTH", login.user, login.password}});
  }
  if (!greeting.client_name.empty()) steps.push_back({Kind::kName, {"CLIENT", "SETNAME", greeting.client_name}});
  if (greeting.database != 0) steps.push_back({Kind::kDatabase, {"SELECT", std::to_string(greeting.database)}});
  steps.push_back({Kind::kClientId, {"CLIENT", "ID"}});
  steps.push_back({Kind::kServerInfo, {"INFO", "server"}});
  if (greeting.kind == PeerKind::kMaster) steps.push_back({Kind::kRole, {"ROLE"}});
  return steps;
}

Result<void> take_greeting_reply(const Greeting& greeting, Kind step, const Reply& reply, Peer& peer) {
  if (const ReplyError* error = reply.error()) return unfit(refusal(greeting, step, error->message));
  switch (step) {
    case Kind::kClientId:
      if (const std::int64_t* id = reply.integer()) peer.client_id = *id;
      return {};
    case Kind::kServerInfo: return take_info(greeting, reply, peer);
    case Kind::kRole: return take_role(reply);
    case Kind::kLogin:
    case Kind::kName:
    case Kind::kDatabase: break;
  }
  return {};
}

std::string info_field(const std::string& info, const std::string& name) {
  const std::string begin = name + ":";
  std::string_view rest = info;
  while (!rest.empty()) {
    const std::size_t end = rest.find("\r\n");
    const std::string_view line = rest.substr(0, end);
    if (line.starts_with(begin)) return std::string(line.substr(begin.size()));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 2);
  }
  return {};
}

}  // namespace tapedeck::redis
