#pragma once

namespace tapedeck {

enum class PutOutcome { kCreated, kChanged };

}  // namespace tapedeck
