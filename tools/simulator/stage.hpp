#pragma once

#include <boost/json.hpp>

#include "base/error.hpp"
#include "world.hpp"

namespace tapedeck::simulator {

/// Most recordings that one "count" makes.
inline constexpr std::int64_t kMaxBulkCount = 1'000'000;

/// Each adds the thing that `object` describes and returns its document. Errors: kInvalidArgument, kNotFound,
/// kConflict, kTooLarge. The members are listed in docs/twilio-sim.md.
Result<boost::json::value> stage_account(World& world, const boost::json::object& object);
Result<boost::json::value> stage_call(World& world, const boost::json::object& object);
/// Returns an array, because "count" makes many.
Result<boost::json::value> stage_recordings(World& world, const boost::json::object& object);
Result<boost::json::value> stage_rule(World& world, const boost::json::object& object);
Result<void> stage_settings(World& world, const boost::json::object& object);

/// Changes "status" and "error_code" of a recording.
Result<void> change_recording(Recording& recording, const boost::json::object& object);

}  // namespace tapedeck::simulator
