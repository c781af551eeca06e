#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/ids.hpp"
#include "media/audio_check.hpp"

namespace tapedeck {

/// Most fences whose keys superseded_blob_keys() names.
inline constexpr int kSupersededFencesMax = 16;

/// Everything that a blob's name is made of.
struct BlobName {
  BusinessId business;
  AccountSid account;
  RecordingSid recording;
  std::int64_t fence = 0;  ///< of the attempt that writes it; at least 1
  AudioKind kind = AudioKind::kMpeg;
  friend bool operator==(const BlobName&, const BlobName&) = default;
};

/// The one place that names blobs: "<business>/<account>/<2 digits>/<recording>-<fence>.<mp3|wav>".
///
/// The fence is part of the name, so that two attempts at one recording never write the same blob: a worker that was
/// taken for dead and wakes up can publish its bytes, but neither replace nor mix with those that a newer attempt has
/// committed, and removes its own once its commit is refused. Nothing but ids and the fence is in the name, so the
/// leftovers of older attempts can be found again (superseded_blob_keys()). The two digits, the recording's last,
/// spread a business over 256 folders. At most 161 characters (a waveform's 163), all of A-Z a-z 0-9 _ - / and one dot.
[[nodiscard]] std::string blob_key(const BlobName& name);

/// The reverse of blob_key(); nothing for any text that blob_key() does not make. Stores accept no other key, but for
/// the waveforms' (is_blob_key()), so ".", "..", empty parts and NUL never reach a path.
[[nodiscard]] std::optional<BlobName> parse_blob_key(std::string_view key);

/// The waveform's key beside its audio's: the same up to the extension, which is "peaks".
[[nodiscard]] std::string peaks_key(std::string_view audio_key);
/// True of what blob_key() makes, and of its peaks_key().
[[nodiscard]] bool is_blob_key(std::string_view key);

/// Names that older attempts at the same recording may have left behind when their process ended between publishing
/// and committing: of the kSupersededFencesMax fences before `name.fence`, newest first, of either kind, and their
/// waveforms. To be removed after `name` was committed.
[[nodiscard]] std::vector<std::string> superseded_blob_keys(const BlobName& name);

}  // namespace tapedeck
