#pragma once

#include <span>
#include <string>
#include <string_view>

#include "redis/client.hpp"

namespace tapedeck::redis {

/// A file of scripts/, with what it includes.
struct ScriptText {
  std::string_view name;  ///< of the file, without ".lua"
  std::string_view text;
};

/// Every script of this build, in order of their names.
[[nodiscard]] std::span<const ScriptText> script_texts() noexcept;

/// Names `text` by its SHA-1, as Redis does. `name` and `text` must outlive the result.
[[nodiscard]] Script make_script(std::string_view name, std::string_view text);

/// The transitions of the slot protocol, one script each; what they take and give is said in their heads, and put into
/// words and back by slot_words.hpp and slot_replies.hpp.
struct ScriptLibrary {
  Script request, claim, claim_next, renew, finish, finish_and_claim, block, unblock, cancel, set_limit, sweep, refill,
      status, known, view, recover;
  Script due, look_soon, put_off, recovered, inspect;

  /// Those of this build.
  ScriptLibrary();
};

}  // namespace tapedeck::redis
