#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "domain/audio_measure.hpp"
#include "domain/ids.hpp"

namespace tapedeck {

/// Where a recording is in its life. `remote`: known, not asked for.
enum class RecordingState { kRemote, kQueued, kProcessing, kStored, kFailed, kAbsent, kDeleted };
[[nodiscard]] std::string_view state_name(RecordingState state) noexcept;
[[nodiscard]] std::optional<RecordingState> parse_state(std::string_view name) noexcept;

/// Who asked: a user's press of play, or a webhook, an import or a command. Presses go first.
enum class Lane { kPlay, kFetch };
[[nodiscard]] std::string_view lane_name(Lane lane) noexcept;
[[nodiscard]] std::optional<Lane> parse_lane(std::string_view name) noexcept;

/// What to ask of the provider. kWavDual is a WAV with one channel for each party.
enum class AudioFormat { kMp3, kWav, kWavDual };
[[nodiscard]] std::string_view format_name(AudioFormat format) noexcept;
[[nodiscard]] std::optional<AudioFormat> parse_format(std::string_view name) noexcept;

enum class CallDirection { kInbound, kOutbound };
[[nodiscard]] std::string_view direction_name(CallDirection direction) noexcept;
[[nodiscard]] std::optional<CallDirection> parse_direction(std::string_view name) noexcept;

/// Why an attempt, or a recording, failed: errc_name() and a sentence.
struct Cause {
  std::string code;
  std::string detail;
  friend bool operator==(const Cause&, const Cause&) = default;
};

/// Why the provider says that there is no audio. `error_code`: Twilio's of a recording callback
/// (www.twilio.com/docs/api/errors), "" or "0" for none.
[[nodiscard]] std::string absence_detail(std::string_view error_code);

/// A tenant. The credentials are in clear here, and sealed at rest.
struct Business {
  BusinessId id;
  AccountSid account;      ///< empty: the default account of the settings
  std::string auth_token;  ///< of `account`; empty with it
  int limit = 0;           ///< most downloads at once; 0: MAX_SLOTS_PER_BUSINESS
  AudioFormat format = AudioFormat::kMp3;
  bool format_is_default = true;  ///< `format` follows RECORDING_FORMAT
  bool paused = false;
  int retention_days = 0;           ///< a recording is kept so long after it was made (or stored); 0: for ever
  bool delete_at_provider = false;  ///< once the archive of a recording has been verified
};

/// The audio as it was stored.
struct StoredAudio {
  std::string blob_key;  ///< blobs/blob_key.hpp
  std::uint64_t size_bytes = 0;
  std::string content_type;  ///< "audio/mpeg" or "audio/wav"
  std::string sha256;        ///< 64 lower-case hexadecimal digits
  SystemTime stored_at;
};

/// Longest reason of a hold, in bytes of UTF-8.
inline constexpr std::size_t kHoldReasonMax = 500;

/// Why a recording must not be deleted, and since when.
struct Hold {
  std::string reason;
  SystemTime since;
  friend bool operator==(const Hold&, const Hold&) = default;
};

/// How far a running fetch is. Units: bytes.
struct Progress {
  std::uint64_t bytes = 0;
  std::optional<std::uint64_t> total;  ///< where the provider announced it
  friend bool operator==(const Progress&, const Progress&) = default;
};

/// One row of the call store's recordings.
struct Recording {
  std::int64_t row_id = 0;
  BusinessId business;
  CallSid call;
  RecordingSid recording;
  AccountSid account;
  Sid sid;  ///< the name it goes by (see Sid)
  RecordingState state = RecordingState::kRemote;
  Lane lane = Lane::kFetch;       ///< who asked; meaningful once it was asked for
  std::int64_t wanted_order = 0;  ///< place among those that wait, over the whole store; 0: never asked for
  std::int64_t fence = 0;         ///< only grows; see AttemptStore::begin_attempt()
  int attempts = 0;               ///< since it was last asked for by hand
  std::optional<SystemTime> retry_at;
  std::optional<Cause> cause;           ///< of the last failure, until it is stored
  std::optional<int> duration_seconds;  ///< as the provider or the host application says
  int channels = 0;                     ///< 0: not told
  std::optional<SystemTime> recorded_at;
  std::optional<SystemTime> announced_at;  ///< when the provider's webhook came
  std::optional<StoredAudio> audio;        ///< exactly when stored
  std::optional<AudioMeasure> measure;     ///< of a stored one, once it was decoded; then its peaks are stored, too
  std::optional<Cause> measure_cause;      ///< why it was not, and will not be
  std::optional<SystemTime> delete_at;     ///< when its business's retention ends; none: never
  std::optional<Hold> hold;
  std::optional<std::string> damage;        ///< of a stored one: what is wrong with its blob, which is not to be served
  std::optional<SystemTime> source_due_at;  ///< when it is to be deleted at the provider; none: not
  bool source_gone = false;                 ///< the provider has it no more: it cannot be fetched again
};

/// A phone call, with its first recording where it has one.
struct Call {
  std::int64_t row_id = 0;
  BusinessId business;
  CallSid sid;
  std::string from;
  std::string to;
  std::optional<CallDirection> direction;
  std::optional<SystemTime> started_at;
  std::optional<int> duration_seconds;
  std::optional<Recording> recording;
};

}  // namespace tapedeck
