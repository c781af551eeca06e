#pragma once

#include <boost/json/object.hpp>

#include "slots/slot_store.hpp"

namespace tapedeck {

/// The one JSON form of a business's queue: the answer of GET /api/queue, and with "business_id" an element of
/// `tapedeck queue --json`.
[[nodiscard]] boost::json::object queue_json(const QueueState& queue);

}  // namespace tapedeck
