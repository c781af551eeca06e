#include "redis/cluster_slots.hpp"

#include <algorithm>
#include <optional>

namespace tapedeck::redis {
namespace {

constexpr std::uint16_t kPolynomial = 0x1021;

constexpr std::array<std::uint16_t, 256> make_crc_table() {
  std::array<std::uint16_t, 256> table{};
  for (unsigned byte = 0; byte < table.size(); ++byte) {
    unsigned crc = byte << 8U;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000U) != 0 ? (crc << 1U) ^ kPolynomial : crc << 1U;
    table[byte] = static_cast<std::uint16_t>(crc);
  }
  return table;
}

constexpr auto kCrcTable = make_crc_table();

constexpr unsigned crc16(std::string_view bytes) {
  unsigned crc = 0;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    crc = ((crc << 8U) & 0xFFFFU) ^ kCrcTable[((crc >> 8U) ^ byte) & 0xFFU];
  }
  return crc;
}

static_assert(crc16("123456789") == 0x31C3, "the check value of the specification");

// One range: [first, last, [host, port, id, …] of the master, replicas …].
struct Range {
  int first = 0;
  int last = 0;
  Endpoint master;
};

std::optional<Range> parse_range(const Reply& reply, const Endpoint& asked) {
  const Reply::Array* parts = reply.array();
  if (parts == nullptr || parts->size() < 3) return std::nullopt;
  const std::int64_t* first = (*parts)[0].integer();
  const std::int64_t* last = (*parts)[1].integer();
  const Reply::Array* node = (*parts)[2].array();
  if (first == nullptr || last == nullptr || node == nullptr || node->size() < 2) return std::nullopt;
  const std::int64_t* port = (*node)[1].integer();
  const bool in_range = *first >= 0 && *first <= *last && *last < kHashSlots;
  if (!in_range || port == nullptr || *port <= 0 || *port > 65'535) return std::nullopt;
  Range range{static_cast<int>(*first), static_cast<int>(*last), asked};
  range.master.port = static_cast<std::uint16_t>(*port);
  // Null or empty: the node does not know its own address, which is the one that we asked.
  const std::string* host = (*node)[0].text();
  if (host != nullptr && !host->empty() && *host != "?") range.master.host = *host;
  return range;
}

}  // namespace

int hash_slot(std::string_view key) noexcept {
  const std::size_t open = key.find('{');
  if (open != std::string_view::npos) {
    const std::size_t close = key.find('}', open + 1);
    if (close != std::string_view::npos && close != open + 1) key = key.substr(open + 1, close - open - 1);
  }
  return static_cast<int>(crc16(key) % kHashSlots);
}

Result<SlotMap> SlotMap::parse(const Reply& reply, const Endpoint& asked) {
  const Reply::Array* ranges = reply.array();
  if (ranges == nullptr || ranges->empty()) {
    return fail(Errc::kUnavailable, "The Cluster's node at " + endpoint_text(asked) +
                                        " knows no hash slots: give them to the masters (redis-cli --cluster create)");
  }
  SlotMap map;
  for (const Reply& each : *ranges) {
    const auto range = parse_range(each, asked);
    if (!range) {
      return fail(Errc::kUnavailable, endpoint_text(asked) + " answered CLUSTER SLOTS with something else");
    }
    const Index index = map.index_of(range->master);
    std::fill(map.owners_.begin() + range->first, map.owners_.begin() + range->last + 1, index);
  }
  return map;
}

const Endpoint* SlotMap::owner(int slot) const {
  const Index index = owners_.at(static_cast<std::size_t>(slot));
  return index == 0 ? nullptr : &masters_[index - 1U];
}

void SlotMap::move(int slot, const Endpoint& owner) {
  if (slot < 0 || slot >= kHashSlots) return;
  owners_[static_cast<std::size_t>(slot)] = index_of(owner);
}

SlotMap::Index SlotMap::index_of(const Endpoint& master) {
  const auto found = std::ranges::find(masters_, master);
  const auto index = static_cast<Index>(found - masters_.begin() + 1);
  if (found == masters_.end()) masters_.push_back(master);
  return index;
}

}  // namespace tapedeck::redis
