#include "app/check_archive.hpp"

#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/sha256_stream.hpp"
#include "media/audio_check.hpp"

namespace tapedeck {

Task<> ReadPace::read(std::uint64_t bytes, std::stop_token stop) {
  bytes_ += bytes;
  if (bytes_per_second_ == 0) co_return;
  constexpr std::uint64_t kMillisecondsPerSecond = 1'000;
  const Milliseconds due(bytes_ * kMillisecondsPerSecond / bytes_per_second_);
  if (clock_.steady_now() < began_ + due) co_await clock_.sleep_until(began_ + due, std::move(stop));
}

Task<Result<std::shared_ptr<Blob>>> open_stored(BlobStore& blobs, StoredAudio audio) {
  auto blob = co_await blobs.open(audio.blob_key);
  if (!blob && is_not_found(blob.error())) co_return fail(Errc::kCorrupt, "the stored audio is missing");
  if (!blob) co_return fail(blob.error());
  if ((*blob)->size() != audio.size_bytes) co_return fail(Errc::kCorrupt, wrong_size_text((*blob)->size(), audio));
  co_return blob;
}

std::string wrong_size_text(std::uint64_t size, const StoredAudio& audio) {
  return fmt::format("the stored audio has {} bytes, and should have {}", size, audio.size_bytes);
}

Task<Result<void>> check_archive(BlobStore& blobs, Recording recording, ArchiveCheck check, ReadPace& pace,
                                 std::stop_token stop) {
  const StoredAudio& audio = *recording.audio;
  auto blob = co_await open_stored(blobs, audio);
  if (!blob) co_return fail(blob.error());
  const std::uint64_t size = audio.size_bytes;
  std::optional<AudioCheck> media;
  if (check == ArchiveCheck::kAudio) {
    media.emplace(audio.content_type == content_type_of(AudioKind::kMpeg) ? AudioKind::kMpeg : AudioKind::kWav, size);
  }
  Sha256Stream digest;
  std::vector<std::byte> piece(kArchivePieceBytes);
  const std::unique_ptr<BlobReader> reader = (*blob)->read_in_order(0, size);
  while (true) {
    if (stop.stop_requested()) co_return fail(Errc::kCancelled, "stopped");
    auto got = co_await reader->read(piece);
    if (!got) co_return fail(got.error());
    if (*got == 0) break;
    const std::string_view bytes(reinterpret_cast<const char*>(piece.data()), *got);
    digest.update(bytes);
    if (media) {
      auto fed = media->feed(bytes);
      if (!fed) co_return fail(Errc::kCorrupt, "the stored audio is not audio: " + fed.error().detail);
    }
    co_await pace.read(*got, stop);
  }
  if (digest.finish_hex() != audio.sha256) {
    co_return fail(Errc::kCorrupt, "the stored audio is not what was stored: its SHA-256 differs");
  }
  if (media) {
    auto finished = media->finish();
    if (!finished) co_return fail(Errc::kCorrupt, "the stored audio is not audio: " + finished.error().detail);
  }
  co_return Result<void>();
}

}  // namespace tapedeck
