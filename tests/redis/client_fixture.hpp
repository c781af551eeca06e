#pragma once

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "base/encoding.hpp"
#include "redis/client_factory.hpp"
#include "redis/url.hpp"
#include "runtime/random.hpp"
#include "runtime/run_task.hpp"
#include "tests/fakes/redis_process.hpp"

namespace tapedeck::redis {

/// The middle of every range, so that backoff is the same each time. Thread-safe.
class MiddleRandom final : public Random {
 public:
  [[nodiscard]] double uniform() override { return 0.5; }
  [[nodiscard]] std::string bytes(std::size_t count) override { return std::string(count, 'x'); }
};

/// The defaults, or more time where a sanitizer makes everything slow.
inline ClientOptions patient_options() {
  ClientOptions options;
  options.client_name = "client-test";
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  options.command_deadline *= 10;
#endif
  return options;
}

/// The client for this URL; throws where there is none.
inline std::unique_ptr<Client> client_of(const std::string& url, Random& random,
                                         const ClientOptions& options = patient_options()) {
  auto parsed = parse_url(url);
  if (!parsed) throw std::runtime_error(parsed.error().detail);
  auto client = make_client(*parsed, random, options);
  if (!client) throw std::runtime_error(client.error().detail);
  return std::move(*client);
}

/// An event loop on its own thread, so that several tasks can wait at a time.
class LoopThread {
 public:
  LoopThread() : work_(boost::asio::make_work_guard(loop_)), thread_([this] { loop_.run(); }) {}
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;
  ~LoopThread() {
    work_.reset();
    thread_.join();
  }

  /// Starts the task; the future has its value.
  template <class T>
  [[nodiscard]] std::future<T> start(Task<T> task) {
    return boost::asio::co_spawn(loop_, std::move(task), boost::asio::use_future);
  }
  template <class T>
  [[nodiscard]] T run(Task<T> task) {
    return start(std::move(task)).get();
  }
  [[nodiscard]] boost::asio::io_context& context() noexcept { return loop_; }

 private:
  boost::asio::io_context loop_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::thread thread_;
};

/// A result as text: "error: …" for a failed task, "-…" for an error of Redis, "nil" for null.
inline std::string text_of(const Result<Reply>& result) {
  if (!result) return "error: " + result.error().detail;
  if (result->is_null()) return "nil";
  if (const auto* error = result->error()) return "-" + error->message;
  if (const auto* text = result->text()) return *text;
  if (const auto* number = result->integer()) return std::to_string(*number);
  std::string text = "[";
  for (const Reply& element : *result->array()) {
    if (text.size() > 1) text += ' ';
    text += text_of(element);
  }
  return text + "]";
}

/// The script of a text that outlives it.
inline Script script_of(std::string_view text, const RedisProcess& redis) {
  return {"test", text, redis.ask({"SCRIPT", "LOAD", std::string(text)})};
}

}  // namespace tapedeck::redis
