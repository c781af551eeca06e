#pragma once

#include <memory>
#include <string>
#include <vector>

#include <hiredis/hiredis.h>

#include "redis/reply.hpp"
#include "slots/redis/slot_scripts.hpp"

namespace tapedeck {

/// A blocking connection, for tests that run one script after the other and nothing between.
/// Throws std::runtime_error when the connection breaks.
class ScriptsRedis {
 public:
  /// `socket_path`: the server's unix socket.
  explicit ScriptsRedis(const std::string& socket_path);

  [[nodiscard]] redis::Reply command(const std::vector<std::string>& words);
  /// EVALSHA with the run_id before `words`; loads the script first where Redis does not know it.
  [[nodiscard]] redis::Reply run(const redis::Script& script, const std::vector<std::string>& keys,
                                 const std::vector<std::string>& words);
  [[nodiscard]] const std::string& run_id() const noexcept { return run_id_; }
  /// Acts as a restart of the server: everything before it belongs to another run.
  void pretend_run_id(std::string run_id) { run_id_ = std::move(run_id); }

  // What people see with redis-cli.
  [[nodiscard]] std::int64_t number(const std::vector<std::string>& words);
  [[nodiscard]] std::string text(const std::vector<std::string>& words);
  [[nodiscard]] std::vector<std::string> list(const std::vector<std::string>& words);

 private:
  struct Closer {
    void operator()(redisContext* context) const noexcept { redisFree(context); }
  };
  std::unique_ptr<redisContext, Closer> context_;
  std::string run_id_;
};

}  // namespace tapedeck
