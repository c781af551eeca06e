#include "slots/protocol/queue_state.hpp"

#include <fmt/format.h>

namespace tapedeck {

std::string why_limit(int active, int limit) {
  return fmt::format("{} of {} downloads of this business are running", active, limit);
}

std::string why_beyond(std::string_view waiting) {
  return fmt::format("{} automatic fetches of this business wait before it", waiting);
}

}  // namespace tapedeck
