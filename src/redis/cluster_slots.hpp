#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "redis/endpoint.hpp"
#include "redis/reply.hpp"

namespace tapedeck::redis {

inline constexpr int kHashSlots = 16384;

/// The hash slot of a key: CRC16 (XMODEM) of the text between the first "{" and the next "}", or of the whole key if
/// there is none. Source: redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec (Hash tags).
[[nodiscard]] int hash_slot(std::string_view key) noexcept;

/// The master of each hash slot.
class SlotMap {
 public:
  /// Reads the answer to CLUSTER SLOTS. `asked`: the node that answered, in case it does not name its own host. Error
  /// kUnavailable: the answer is something else, or names no master.
  [[nodiscard]] static Result<SlotMap> parse(const Reply& reply, const Endpoint& asked);

  /// Null: no master is known. The pointer holds as long as the map does not change.
  [[nodiscard]] const Endpoint* owner(int slot) const;
  void move(int slot, const Endpoint& owner);
  /// Every master with a slot.
  [[nodiscard]] const std::vector<Endpoint>& masters() const noexcept { return masters_; }

 private:
  // The place of an owner in masters_, counted from 1; 0: none.
  using Index = std::uint16_t;

  [[nodiscard]] Index index_of(const Endpoint& master);

  std::vector<Endpoint> masters_;
  std::array<Index, kHashSlots> owners_{};
};

}  // namespace tapedeck::redis
