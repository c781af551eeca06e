#include "slots/protocol/planted_bugs.hpp"

namespace tapedeck {

#ifdef TAPEDECK_PLANTED_BUGS
std::optional<PlantedBug> parse_planted_bug(std::string_view name) noexcept {
  if (name == "no_self_fence") return PlantedBug::kNoSelfFence;
  if (name == "no_supervisor") return PlantedBug::kNoSupervisor;
  return std::nullopt;
}
#endif

}  // namespace tapedeck
