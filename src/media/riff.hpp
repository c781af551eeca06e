#pragma once

#include <cstddef>
#include <cstdint>

namespace tapedeck {

/// "RIFF", the size of the file, "WAVE".
inline constexpr std::size_t kRiffHeaderBytes = 12;
/// The name of a chunk and its size.
inline constexpr std::size_t kChunkHeaderBytes = 8;
/// The size in a WAV that was written before its length was known.
inline constexpr std::uint32_t kUnknownSize = 0xFFFFFFFF;

}  // namespace tapedeck
