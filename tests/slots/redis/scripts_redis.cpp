#include "tests/slots/redis/scripts_redis.hpp"

#include <stdexcept>

namespace tapedeck {
namespace {

redis::Reply convert(const redisReply& reply) {
  switch (reply.type) {
    case REDIS_REPLY_INTEGER: return {std::int64_t{reply.integer}};
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_STRING: return {std::string(reply.str, reply.len)};
    case REDIS_REPLY_ERROR: return {redis::ReplyError{std::string(reply.str, reply.len)}};
    case REDIS_REPLY_ARRAY: {
      redis::Reply::Array array;
      array.reserve(reply.elements);
      for (std::size_t i = 0; i < reply.elements; ++i) array.push_back(convert(*reply.element[i]));
      return {std::move(array)};
    }
    default: return {};
  }
}

}  // namespace

ScriptsRedis::ScriptsRedis(const std::string& socket_path) : context_(redisConnectUnix(socket_path.c_str())) {
  if (!context_ || context_->err != 0) throw std::runtime_error("cannot connect to " + socket_path);
  const std::string info = text({"INFO", "server"});
  constexpr std::string_view kField = "run_id:";
  const std::size_t at = info.find(kField);
  if (at == std::string::npos) throw std::runtime_error("INFO without a run_id");
  run_id_ = info.substr(at + kField.size(), info.find('\r', at) - at - kField.size());
}

redis::Reply ScriptsRedis::command(const std::vector<std::string>& words) {
  std::vector<const char*> data;
  std::vector<std::size_t> sizes;
  for (const std::string& word : words) {
    data.push_back(word.data());
    sizes.push_back(word.size());
  }
  struct Freer {
    void operator()(void* reply) const noexcept { freeReplyObject(reply); }
  };
  const std::unique_ptr<void, Freer> reply(
      redisCommandArgv(context_.get(), static_cast<int>(words.size()), data.data(), sizes.data()));
  if (!reply) throw std::runtime_error(std::string("Redis: ") + context_->errstr);
  return convert(*static_cast<const redisReply*>(reply.get()));
}

redis::Reply ScriptsRedis::run(const redis::Script& script, const std::vector<std::string>& keys,
                               const std::vector<std::string>& words) {
  std::vector<std::string> all{"EVALSHA", script.sha1, std::to_string(keys.size())};
  all.insert(all.end(), keys.begin(), keys.end());
  all.push_back(run_id_);
  all.insert(all.end(), words.begin(), words.end());
  redis::Reply reply = command(all);
  if (reply.error() == nullptr || !reply.error()->message.starts_with("NOSCRIPT")) return reply;
  const redis::Reply loaded = command({"SCRIPT", "LOAD", std::string(script.text)});
  if (loaded.error() != nullptr) throw std::runtime_error(std::string(script.name) + ": " + loaded.error()->message);
  return command(all);
}

std::int64_t ScriptsRedis::number(const std::vector<std::string>& words) {
  const redis::Reply reply = command(words);
  if (reply.integer() == nullptr) throw std::runtime_error("not a number: " + words.front());
  return *reply.integer();
}

std::string ScriptsRedis::text(const std::vector<std::string>& words) {
  const redis::Reply reply = command(words);
  if (reply.is_null()) return {};
  if (reply.text() == nullptr) throw std::runtime_error("not a text: " + words.front());
  return *reply.text();
}

std::vector<std::string> ScriptsRedis::list(const std::vector<std::string>& words) {
  const redis::Reply reply = command(words);
  if (reply.array() == nullptr) throw std::runtime_error("not a list: " + words.front());
  std::vector<std::string> items;
  for (const redis::Reply& item : *reply.array())
    items.push_back(item.text() == nullptr ? std::string() : *item.text());
  return items;
}

}  // namespace tapedeck
