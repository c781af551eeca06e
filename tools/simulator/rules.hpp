#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "base/error.hpp"
#include "faults.hpp"

namespace tapedeck::simulator {

/// Most rules at a time. Each request checks every rule.
inline constexpr std::size_t kMaxRules = 10'000;

/// A fault and the requests to which it applies. Empty texts match everything.
struct Rule {
  std::int64_t id = 0;
  /// "media", "metadata", "list", "call", "cdn" or "any".
  std::string resource;
  std::string account;
  std::string call;
  std::string recording;
  std::string business;
  std::string format;
  double probability = 1;
  /// Applies to at most this many requests; empty: no limit.
  std::optional<std::uint64_t> times;
  /// Applies to at most this many requests of each recording.
  std::optional<std::uint64_t> times_per_recording;
  Fault fault;

  std::uint64_t hits = 0;
  struct Seen {
    std::uint64_t requests = 0;
    std::uint64_t hits = 0;
  };
  std::map<std::string, Seen, std::less<>> by_recording;
};

/// Rules in the order in which they were added. Faults of the transfer add up; the first fault that decides the answer
/// ends the search. Chance depends on the seed, the rule, the recording and the number of requests for that recording,
/// never on the interleaving of requests, so that a run can be repeated.
class RuleBook {
 public:
  explicit RuleBook(std::uint64_t seed) : seed_(seed) {}

  /// Error kInvalidArgument says what is wrong; kTooLarge when there are kMaxRules.
  Result<std::int64_t> add(const boost::json::object& rule);
  bool remove(std::int64_t id);
  /// Removes all rules and restarts the numbering, so that the same rules have the same chance again.
  void clear();
  [[nodiscard]] boost::json::array describe() const;

  /// Applies the faults of this request and counts them. `base_url` and `port` are those of this server.
  void apply(const Target& target, SystemTime now, std::string_view base_url, int port, Plan& plan);

  /// Whether a rule still delays the media of this recording. Counts nothing.
  [[nodiscard]] bool is_held_back(const Target& media) const;

 private:
  std::uint64_t seed_;
  std::int64_t last_id_ = 0;
  std::list<Rule> rules_;
};

}  // namespace tapedeck::simulator
