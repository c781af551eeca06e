#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tapedeck {

/// Faults that the system before Tapedeck had, and safeguards taken away, each of which a test switches on to see that
/// the checks catch it. Only builds with TAPEDECK_PLANTED_BUGS know them; elsewhere planted() is a constant false.
enum class PlantedBug : std::uint8_t {
  kNone,
  kLeakOnCrash,         ///< a lease that expired is never reclaimed
  kLeakOnEarlyReturn,   ///< a worker with nothing to fetch forgets to finish
  kHandoffLosesJob,     ///< the next one is taken from the lane and dropped
  kReleaseNotHeld,      ///< a finish without the lease frees a slot all the same
  kRetryOutsideLimit,   ///< a retry runs without a slot of its own
  kDedupExpires,        ///< a second request for what runs starts it again
  kDrainOnlyOnRelease,  ///< only a finish lets the next one in
  kNewcomerOvertakes,   ///< a newcomer goes to the head of its lane
  kLostWakeUp,          ///< a request is queued although a slot is free
  kNoFence,             ///< whoever was overtaken may still write
  kNoSelfFence,         ///< a worker goes on downloading under a lease that it cannot renew
  kNoSupervisor,        ///< a worker that stalls is left alone
};

#ifdef TAPEDECK_PLANTED_BUGS
/// The one that is switched on, in this process.
inline PlantedBug planted_bug = PlantedBug::kNone;
[[nodiscard]] inline bool planted(PlantedBug bug) noexcept { return planted_bug == bug; }
/// Of those that a whole process can be started with: "no_self_fence", "no_supervisor". Empty: no such one.
[[nodiscard]] std::optional<PlantedBug> parse_planted_bug(std::string_view name) noexcept;
#else
[[nodiscard]] constexpr bool planted(PlantedBug) noexcept { return false; }
#endif

}  // namespace tapedeck
