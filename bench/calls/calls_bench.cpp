// Times pages and searches in the list of calls of the named businesses, on the store itself.
//
//   calls_bench STORE SAMPLES BUSINESS...     STORE: postgresql://… or a SQLite file
//
// Prints a line of JSON for each measure: {"business","what","p50_ms","p99_ms","calls"}. `calls`: the mean number on a
// page.

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <functional>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "calls/postgres/postgres_call_store.hpp"
#include "calls/sqlite/sqlite_call_store.hpp"

namespace tapedeck {
namespace {

// Rounds before each measure, so that the data is in memory as in a running server.
constexpr int kWarmUps = 20;
// A slow measure ends sooner, with at least these samples.
constexpr std::chrono::seconds kMeasureTime{20};
constexpr std::size_t kSamplesMin = 20;

template <class T>
T run(Task<Result<T>> task) {
  boost::asio::io_context loop(1);
  Result<T> value;
  boost::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr thrown, Result<T> result) {
    if (thrown) std::rethrow_exception(thrown);
    value = std::move(result);
  });
  loop.run();
  if (!value) throw std::runtime_error(value.error().detail);
  return std::move(*value);
}

class Bench {
 public:
  Bench(CallStore& store, BusinessId business, int samples)
      : store_(store), business_(std::move(business)), samples_(samples) {
    newest_ = *page({}).calls.at(0).started_at;
    CallQuery oldest;
    // Halves the time until nothing is older, because the list cannot start at its end.
    for (Milliseconds step = newest_.time_since_epoch(); step > Seconds(1); step /= 2) {
      oldest.until = oldest_ + step;
      oldest.limit = 1;
      if (page(oldest).calls.empty()) oldest_ += step;
    }
  }

  void measure_all() {
    measure("first page", [] { return CallQuery(); });
    measure("a page anywhere", [this] { return anywhere(); });
    measure("a page anywhere, one direction", [this] {
      CallQuery query = anywhere();
      query.direction = CallDirection::kInbound;
      return query;
    });
    measure("a whole number", [this] { return search(some_call().from); });
    measure("the last seven digits", [this] { return search(some_call().from.substr(5)); });
    measure("a rare name", [this] { return search(fmt::format("customer {}", random_() % 1000)); });
    measure("a frequent part of a number", [] { return search("415"); });
    measure("what there is not", [this] { return search(fmt::format("nobody {}", random_())); });
  }

 private:
  CallPage page(const CallQuery& query) { return run(store_.list_calls(business_, query)); }

  CallQuery anywhere() {
    const auto span = static_cast<std::uint64_t>((newest_ - oldest_).count()) + 1;
    CallQuery query;
    query.cursor = CallCursor{oldest_ + Milliseconds(random_() % span), 0};
    return query;
  }
  Call some_call() {
    const CallPage found = page(anywhere());
    return found.calls.empty() ? page({}).calls.at(0) : found.calls.front();
  }
  static CallQuery search(std::string text) {
    CallQuery query;
    query.search = std::move(text);
    return query;
  }

  void measure(const std::string& what, const std::function<CallQuery()>& make) {
    const auto begin = std::chrono::steady_clock::now();
    const auto is_late = [begin] { return std::chrono::steady_clock::now() - begin > kMeasureTime; };
    for (int i = 0; i < kWarmUps && !is_late(); ++i) (void)page(make());
    std::vector<double> took;
    std::size_t calls = 0;
    for (int i = 0; i < samples_ && (took.size() < kSamplesMin || !is_late()); ++i) {
      const CallQuery query = make();
      const auto before = std::chrono::steady_clock::now();
      calls += page(query).calls.size();
      took.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - before).count());
    }
    std::ranges::sort(took);
    fmt::print(R"({{"business":"{}","what":"{}","p50_ms":{:.3f},"p99_ms":{:.3f},"calls":{:.1f}}})"
               "\n",
               business_.view(), what, took[took.size() / 2], took[took.size() * 99 / 100],
               static_cast<double>(calls) / static_cast<double>(took.size()));
    std::fflush(stdout);
  }

  CallStore& store_;
  const BusinessId business_;
  const int samples_;
  std::mt19937_64 random_{20261125};
  SystemTime newest_;
  SystemTime oldest_;
};

std::unique_ptr<CallStore> open(const std::string& where, const SecretBox& secrets) {
  if (where.starts_with("postgres")) {
    auto store = PostgresCallStore::open(where, secrets);
    if (!store) throw std::runtime_error(store.error().detail);
    return std::move(*store);
  }
  auto store = SqliteCallStore::open(where, secrets);
  if (!store) throw std::runtime_error(store.error().detail);
  return std::move(*store);
}

}  // namespace
}  // namespace tapedeck

int main(int count, char** words) {
  using namespace tapedeck;  // NOLINT(google-build-using-namespace)
  if (count < 3) {
    fmt::print(stderr, "usage: calls_bench STORE SAMPLES BUSINESS...\n");
    return 2;
  }
  try {
    const SecretBox secrets = *SecretBox::make(std::string(kSecretKeyBytes, 'b'));
    const auto store = open(words[1], secrets);
    for (int i = 3; i < count; ++i) Bench(*store, *BusinessId::parse(words[i]), std::stoi(words[2])).measure_all();
  } catch (const std::exception& failure) {
    fmt::print(stderr, "{}\n", failure.what());
    return 1;
  }
  return 0;
}
