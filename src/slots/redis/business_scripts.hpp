#pragma once

#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "domain/event_sink.hpp"
#include "redis/client.hpp"
#include "slots/redis/keys.hpp"
#include "slots/redis/slot_replies.hpp"
#include "slots/redis/slot_scripts.hpp"
#include "slots/redis/slot_words.hpp"

namespace tapedeck::redis {

/// Whose turn it is: a hint that was taken, or is to be written.
struct Turn {
  BusinessId business;
  Lane lane = Lane::kPlay;
  std::string score;
};

/// Runs scripts on one business at a time, and deals with what surrounds them: damaged keys, lost businesses, and in a
/// Cluster the hints and rec_due, which live on other nodes than the business. Thread-safe.
class BusinessScripts {
 public:
  /// `client` and `events` must outlive it.
  BusinessScripts(Client& client, EventSink& events, bool is_cluster)
      : client_(client), events_(events), keys_(is_cluster) {}

  /// Runs a script that admits nobody. If the script fails on what it finds, the business is inspected, the damage is
  /// logged with the key's name, and the error is kSlotsLost.
  [[nodiscard]] Task<Result<Reply>> ask(const Script& script, BusinessId business, std::vector<std::string> keys,
                                        Words words);
  /// Runs a script that may admit.
  [[nodiscard]] Task<Result<Reply>> change(const Script& script, BusinessId business, Words words);
  /// Writes the hints that a reply asks for; in a Cluster only.
  [[nodiscard]] Task<> announce(BusinessId business, Hints hints);
  [[nodiscard]] Task<> put_back(Turn turn);
  /// Removes and logs a hint or rec_due that is no ZSET: the sweep writes it again.
  [[nodiscard]] Task<> mend_shared_keys();

  void emit(const std::vector<Event>& events);
  /// Keeps a lost business for the next take_lost(), at most kLostMax.
  void note_lost(const BusinessId& business);
  [[nodiscard]] std::vector<BusinessId> take_lost();

  [[nodiscard]] Client& client() noexcept { return client_; }
  [[nodiscard]] const Keys& keys() const noexcept { return keys_; }
  [[nodiscard]] const SlotScripts& scripts() const noexcept { return scripts_; }

 private:
  [[nodiscard]] Task<Error> inspect(BusinessId business, std::string message);
  [[nodiscard]] Task<Result<void>> look_soon(BusinessId business);

  Client& client_;
  EventSink& events_;
  const Keys keys_;
  const SlotScripts scripts_;
  std::mutex mutex_;
  std::set<BusinessId> lost_;
};

}  // namespace tapedeck::redis
