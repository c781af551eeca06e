#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "domain/audio_kind.hpp"
#include "domain/ids.hpp"

namespace tapedeck {

/// Most fences that superseded_blob_keys() covers.
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
/// The fence is part of the name, so two attempts at one recording never write the same blob. A worker that was taken
/// for dead and wakes up can publish its bytes, but it cannot replace the bytes that a newer attempt has committed, and
/// it removes its own once its commit is refused. The name holds ids and the fence only, so leftovers of older attempts
/// can be found again (superseded_blob_keys()). The recording's last two digits spread a business over 256 folders. At
/// most 161 characters (163 for a waveform), all of A-Z a-z 0-9 _ - / and one dot.
[[nodiscard]] std::string blob_key(const BlobName& name);

/// The reverse of blob_key(); nothing for any text that blob_key() does not make. Stores accept these keys and those of
/// waveforms only (is_blob_key()), so ".", "..", empty parts and NUL never reach a path.
[[nodiscard]] std::optional<BlobName> parse_blob_key(std::string_view key);

/// The key of a recording's waveform: the audio's with the extension "peaks".
[[nodiscard]] std::string peaks_key(std::string_view audio_key);
/// True for what blob_key() makes, and for its peaks_key().
[[nodiscard]] bool is_blob_key(std::string_view key);
/// Error kInvalidArgument: not is_blob_key().
[[nodiscard]] Result<void> check_blob_key(std::string_view key);

/// Keys that older attempts at the same recording may have left behind, because their process ended between publishing
/// and committing: those of the kSupersededFencesMax fences before `name.fence`, newest first, in either kind, with
/// their waveforms. To be removed once `name` is committed.
[[nodiscard]] std::vector<std::string> superseded_blob_keys(const BlobName& name);

}  // namespace tapedeck
