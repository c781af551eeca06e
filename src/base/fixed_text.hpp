#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

namespace tapedeck {

/// A text that is composed at compile time, for parameters that accept only literals. `make` is a constexpr function
/// without arguments that returns the text as a std::string.
template <auto make>
struct FixedText {
  static constexpr std::size_t kSize = make().size();
  static constexpr std::array<char, kSize + 1> kText = [] {
    std::array<char, kSize + 1> text{};
    const std::string made = make();
    std::copy(made.begin(), made.end(), text.begin());
    return text;
  }();
};

}  // namespace tapedeck
