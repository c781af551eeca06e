#pragma once

#include <string_view>

#include "base/error.hpp"
#include "plan.hpp"
#include "request.hpp"
#include "world.hpp"

namespace tapedeck::simulator {

/// The interface under /_sim/ that prepares a test and reads the observations; docs/twilio-sim.md describes it. It
/// needs no credentials.
class ControlApi {
 public:
  explicit ControlApi(World& world) : world_(world) {}

  /// Answers everything under /_sim/ except webhooks, which WebhookSender sends.
  [[nodiscard]] Plan answer(const Request& request);

  /// Adds the contents of a document like that of POST /_sim/load. What precedes the first error stays added.
  Result<void> load(std::string_view document);

 private:
  World& world_;
};

/// A control answer for an error: 400, 404 or 409 with {"error": "..."}.
[[nodiscard]] Plan control_error(const Error& error);

}  // namespace tapedeck::simulator
