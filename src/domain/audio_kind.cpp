#include "domain/audio_kind.hpp"

namespace tapedeck {

std::string_view content_type_of(AudioKind kind) noexcept {
  return kind == AudioKind::kMpeg ? "audio/mpeg" : "audio/wav";
}

std::string_view extension_of(AudioKind kind) noexcept { return kind == AudioKind::kMpeg ? "mp3" : "wav"; }

std::optional<AudioKind> kind_of_extension(std::string_view extension) noexcept {
  for (const AudioKind kind : {AudioKind::kMpeg, AudioKind::kWav}) {
    if (extension == extension_of(kind)) return kind;
  }
  return std::nullopt;
}

AudioKind kind_of(AudioFormat format) noexcept {
  return format == AudioFormat::kMp3 ? AudioKind::kMpeg : AudioKind::kWav;
}

}  // namespace tapedeck
