#pragma once

#include <string_view>

#include "base/error.hpp"
#include "plan.hpp"
#include "request.hpp"
#include "world.hpp"

namespace tapedeck::simulator {

/// The interface under /_sim/ that sets the stage and reads what was seen; docs/twilio-sim.md describes it. It asks for
/// no credentials.
class ControlApi {
 public:
  explicit ControlApi(World& world) : world_(world) {}

  /// Answers everything under /_sim/ but webhooks, which WebhookSender does.
  [[nodiscard]] Plan answer(const Request& request);

  /// Adds what a document of the shape of POST /_sim/load holds. What comes before the first error stays added.
  Result<void> load(std::string_view document);

 private:
  World& world_;
};

/// A control answer for an error: 400, 404 or 409 with {"error": "..."}.
[[nodiscard]] Plan control_error(const Error& error);

}  // namespace tapedeck::simulator
