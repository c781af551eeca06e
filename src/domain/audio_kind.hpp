#pragma once

#include <optional>
#include <string_view>

#include "domain/recording.hpp"

namespace tapedeck {

/// What the bytes of a recording are.
enum class AudioKind { kMpeg, kWav };
/// "audio/mpeg" or "audio/wav".
[[nodiscard]] std::string_view content_type_of(AudioKind kind) noexcept;
/// "mp3" or "wav".
[[nodiscard]] std::string_view extension_of(AudioKind kind) noexcept;
/// The reverse of extension_of().
[[nodiscard]] std::optional<AudioKind> kind_of_extension(std::string_view extension) noexcept;
/// What the provider must send when asked for `format`.
[[nodiscard]] AudioKind kind_of(AudioFormat format) noexcept;

}  // namespace tapedeck
