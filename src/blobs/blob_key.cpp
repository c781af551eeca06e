#include "blobs/blob_key.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace tapedeck {
namespace {

constexpr std::size_t kShardDigits = 2;
constexpr std::string_view kPeaksExtension = "peaks";

std::string_view shard_of(const RecordingSid& recording) {
  return recording.view().substr(recording.view().size() - kShardDigits);
}

// Takes the text before `separator`, and the separator.
std::optional<std::string_view> take_until(std::string_view& rest, char separator) {
  const std::size_t end = rest.find(separator);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return part;
}

std::optional<std::int64_t> parse_fence(std::string_view text) {
  std::int64_t fence = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), fence);
  // The round trip must be exact: no sign, no leading zero.
  if (failure != std::errc{} || end != text.data() + text.size() || fence < 1 || text.front() == '0') {
    return std::nullopt;
  }
  return fence;
}

}  // namespace

std::string blob_key(const BlobName& name) {
  return fmt::format("{}/{}/{}/{}-{}.{}", name.business.view(), name.account.view(), shard_of(name.recording),
                     name.recording.view(), name.fence, extension_of(name.kind));
}

std::optional<BlobName> parse_blob_key(std::string_view key) {
  std::string_view rest = key;
  const auto business = take_until(rest, '/');
  const auto account = business ? take_until(rest, '/') : std::nullopt;
  const auto shard = account ? take_until(rest, '/') : std::nullopt;
  const auto recording = shard ? take_until(rest, '-') : std::nullopt;
  const auto fence = recording ? take_until(rest, '.') : std::nullopt;
  if (!fence || fence->empty()) return std::nullopt;

  const auto business_id = BusinessId::parse(*business);
  const auto account_sid = AccountSid::parse(*account);
  const auto recording_sid = RecordingSid::parse(*recording);
  const auto fence_number = parse_fence(*fence);
  const auto kind = kind_of_extension(rest);
  if (!business_id || !account_sid || !recording_sid || !fence_number || !kind || *shard != shard_of(*recording_sid)) {
    return std::nullopt;
  }
  return BlobName{*business_id, *account_sid, *recording_sid, *fence_number, *kind};
}

std::string peaks_key(std::string_view audio_key) {
  const std::size_t dot = std::min(audio_key.rfind('.'), audio_key.size());
  return fmt::format("{}.{}", audio_key.substr(0, dot), kPeaksExtension);
}

bool is_blob_key(std::string_view key) {
  if (parse_blob_key(key)) return true;
  const std::size_t dot = key.rfind('.');
  if (dot == std::string_view::npos || key.substr(dot + 1) != kPeaksExtension) return false;
  // Its audio may be of either kind.
  return parse_blob_key(fmt::format("{}.{}", key.substr(0, dot), extension_of(AudioKind::kMpeg))).has_value();
}

Result<void> check_blob_key(std::string_view key) {
  if (is_blob_key(key)) return {};
  return fail(Errc::kInvalidArgument, "this is no key of a blob");
}

std::vector<std::string> superseded_blob_keys(const BlobName& name) {
  std::vector<std::string> keys;
  const std::int64_t oldest = std::max<std::int64_t>(1, name.fence - kSupersededFencesMax);
  for (std::int64_t fence = name.fence - 1; fence >= oldest; --fence) {
    for (const AudioKind kind : {AudioKind::kMpeg, AudioKind::kWav}) {
      BlobName older = name;
      older.fence = fence;
      older.kind = kind;
      keys.push_back(blob_key(older));
    }
    keys.push_back(peaks_key(keys.back()));
  }
  return keys;
}

}  // namespace tapedeck
