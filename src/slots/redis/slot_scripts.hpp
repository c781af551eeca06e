#pragma once

#include <span>
#include <string_view>

#include "redis/script.hpp"

namespace tapedeck::redis {

/// A file of scripts/, with what it includes.
struct ScriptText {
  std::string_view name;  ///< of the file, without ".lua"
  std::string_view text;
};

/// Every script of this build, in the order of their names.
[[nodiscard]] std::span<const ScriptText> script_texts() noexcept;

/// The transitions of the slot protocol, one script each. The head of a script says what it takes and gives;
/// slot_words.hpp writes the questions, and slot_replies.hpp reads the answers.
struct SlotScripts {
  Script request, claim, claim_next, renew, finish, finish_and_claim, block, unblock, cancel, set_limit, sweep, refill,
      status, known, view, recover;
  Script due, look_soon, put_off, recovered, inspect;

  /// Those of this build.
  SlotScripts();
};

}  // namespace tapedeck::redis
