#pragma once

#include <string>
#include <string_view>

namespace tapedeck::redis {

/// A Lua script: its text, and the SHA-1 of the text in lower-case hexadecimal, by which Redis knows it.
struct Script {
  std::string_view name;
  std::string_view text;
  std::string sha1;
};

/// Names `text` by its SHA-1, as Redis does. `name` and `text` must outlive the result.
[[nodiscard]] Script make_script(std::string_view name, std::string_view text);

}  // namespace tapedeck::redis
