#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "plan.hpp"

namespace tapedeck::simulator {

/// Counts at the provider's side. A download is a GET of media of any status. It lasts from the end of reading its
/// request until the system has taken its whole answer or its connection has closed.
class Statistics {
 public:
  void connection_opened();
  void connection_closed();
  void request_read(const Target& target, std::string_view method, bool has_authorization);
  void answered(const Target& target, int status);

  void download_started(const Target& target);
  /// `is_complete`: every byte of the recording was sent, unaltered, with status 200.
  void download_ended(const Target& target, std::uint64_t body_bytes, bool is_complete);

  [[nodiscard]] boost::json::object describe() const;
  /// Running downloads of one account.
  [[nodiscard]] std::uint64_t current_downloads(std::string_view account) const;
  /// Restarts all counts. Running downloads stay counted as running.
  void reset();

 private:
  struct Concurrency {
    std::uint64_t current = 0;
    std::uint64_t greatest = 0;
    std::uint64_t started = 0;
    std::uint64_t completed = 0;
  };
  struct RecordingCounts {
    std::uint64_t requested = 0;
    std::uint64_t completed = 0;
    std::uint64_t bytes = 0;
  };
  template <class Value>
  using ByName = std::map<std::string, Value, std::less<>>;

  static void start(Concurrency& group);
  static void end(Concurrency& group, bool is_complete);
  static boost::json::object describe(const ByName<Concurrency>& groups);
  static void reset(ByName<Concurrency>& groups);

  Concurrency connections_;
  Concurrency all_;
  ByName<Concurrency> by_account_;
  ByName<Concurrency> by_business_;
  ByName<RecordingCounts> by_recording_;
  ByName<std::uint64_t> requests_by_resource_;
  std::map<int, std::uint64_t> media_by_status_;
  std::map<int, std::uint64_t> all_by_status_;
  std::uint64_t requests_ = 0;
  std::uint64_t media_without_authorization_ = 0;
  std::uint64_t cdn_with_authorization_ = 0;
};

}  // namespace tapedeck::simulator
