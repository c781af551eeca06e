#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/json/object.hpp>

#include "http/api/application.hpp"
#include "runtime/run_task.hpp"
#include "slots/memory/memory_slot_store.hpp"
#include "tests/fakes/call_store_decorator.hpp"
#include "tests/fakes/memory_blob_store.hpp"
#include "tests/fakes/memory_call_store.hpp"
#include "tests/fakes/seeded_random.hpp"
#include "tests/fakes/virtual_clock.hpp"

namespace tapedeck::http {

inline constexpr std::string_view kPublicUrl = "https://rec.example.com";

/// "CA", "RE" or "AC" and the number in 32 hexadecimal digits.
[[nodiscard]] std::string sid_text(std::string_view prefix, int number);

/// A request, built step by step: `TestRequest("GET", "/api/calls").with("Authorization", "Bearer …")`.
class TestRequest {
 public:
  TestRequest(std::string_view method, std::string target, std::string body = {});
  TestRequest& with(std::string_view name, std::string_view value);
  TestRequest& with_key(std::string_view key) { return with("Authorization", std::string("Bearer ").append(key)); }
  TestRequest& with_json(std::string body);
  /// The address of the other side; without it this machine.
  TestRequest& from(std::string peer);

  [[nodiscard]] Request view() const;
  [[nodiscard]] const std::string& target() const { return target_; }
  [[nodiscard]] const std::string& body() const { return body_; }

 private:
  boost::beast::http::verb method_;
  std::string target_;
  std::string body_;
  boost::beast::http::fields fields_;
  std::string peer_ = "127.0.0.1";
};

/// An answer, as text.
struct TestAnswer {
  unsigned status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  [[nodiscard]] std::string header(std::string_view name) const;  ///< empty if absent
  [[nodiscard]] boost::json::object json() const;                 ///< fails the test if it is not an object
  /// Everything in one text, for comparisons.
  [[nodiscard]] std::string whole() const;
};

class RecordedEvents final : public EventSink {
 public:
  void emit(const Event& event) noexcept override { events.push_back(event); }
  std::vector<Event> events;
};

/// A call store that can be unavailable.
class BreakableCallStore final : public CallStoreDecorator {
 public:
  using CallStoreDecorator::CallStoreDecorator;
  std::optional<Error> broken;

 protected:
  Result<void> before() override {
    if (broken) return fail(*broken);
    return {};
  }
};

/// The routes over the real use cases, with stores in memory and a clock that the test moves.
class World {
 public:
  explicit World(std::vector<std::string> cors_origins = {});

  /// Asks try_handle() first, as the server does.
  [[nodiscard]] TestAnswer send(const TestRequest& request);
  [[nodiscard]] TestAnswer get(std::string target, std::string_view key);

  template <class T>
  T run(Task<T> task);

  /// Adds a business with its own account, number `n`, and returns its API key.
  std::string add_business(std::string_view id, int n);
  std::string add_operator();
  /// Adds a call with a recording that nobody has requested.
  void add_call(std::string_view business, int call, int recording);
  /// Stores it as a worker would.
  void store(std::string_view business, std::string_view sid, std::string bytes);
  void fail_for_good(std::string_view business, std::string_view sid, Cause cause, RecordingState state);
  [[nodiscard]] Recording recording(std::string_view business, std::string_view sid);
  [[nodiscard]] std::string session_of(const std::string& key);
  [[nodiscard]] std::string csrf_of(const std::string& cookie);

  MemoryCallStore rows;
  BreakableCallStore calls{rows};
  VirtualClock clock;
  SeededRandom random{7};
  RecordedEvents events;
  MemorySlotStore slots{clock, events, kDefaultSlotLimit};
  MemoryBlobStore blobs;
  ProgressBoard progress;
  HotRecordings hot{clock, kHotTtl};
  Businesses businesses{calls, clock, ProviderDefaults{}};
  BusinessRules rules{slots, businesses};
  SlotRecovery recovery{calls, calls, slots, businesses, clock, kLeaseTtl};
  SlotRequests requests{slots, rules, recovery, clock, random};
  Play recordings{calls, calls, calls, slots, requests, blobs, clock, progress, hot};
  Webhooks webhooks{calls, calls, requests, clock, events};
  Calls call_cases{calls, businesses, clock};
  Access access{calls, calls, clock, random, std::string(32, 's')};
  AuditLog audit{calls, clock, events};
  Result<void> readiness;
  Result<void> blob_readiness;
  std::unique_ptr<Application> application;

 private:
  boost::asio::io_context context_;
};

template <class T>
T World::run(Task<T> task) {
  WatchedTask<T> watched(context_, std::move(task));
  context_.restart();
  context_.run();
  return watched.take();
}

[[nodiscard]] inline BusinessId business_id(std::string_view text) { return BusinessId::parse(text).value(); }

}  // namespace tapedeck::http
