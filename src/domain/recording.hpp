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

/// The stages of a recording. `remote`: known, but not asked for.
enum class RecordingState { kRemote, kQueued, kProcessing, kStored, kFailed, kAbsent, kDeleted };
[[nodiscard]] std::string_view state_name(RecordingState state) noexcept;
[[nodiscard]] std::optional<RecordingState> parse_state(std::string_view name) noexcept;

/// The play lane holds users' plays. The automatic lane holds webhooks, imports and commands. Plays go first.
enum class Lane { kPlay, kFetch };
[[nodiscard]] std::string_view lane_name(Lane lane) noexcept;
[[nodiscard]] std::optional<Lane> parse_lane(std::string_view name) noexcept;

/// The format to fetch. kWavDual is a WAV with one channel for each party.
enum class AudioFormat { kMp3, kWav, kWavDual };
[[nodiscard]] std::string_view format_name(AudioFormat format) noexcept;
[[nodiscard]] std::optional<AudioFormat> parse_format(std::string_view name) noexcept;

enum class CallDirection { kInbound, kOutbound };
[[nodiscard]] std::string_view direction_name(CallDirection direction) noexcept;
[[nodiscard]] std::optional<CallDirection> parse_direction(std::string_view name) noexcept;

/// Why an attempt or a recording failed: errc_name() and a sentence.
struct Cause {
  std::string code;
  std::string detail;
  friend bool operator==(const Cause&, const Cause&) = default;
};

/// The detail of a recording of which the provider says no more than that it has no audio.
inline constexpr std::string_view kNoAudio = "the provider has no audio";

/// A tenant. The credentials are in clear text here and sealed at rest.
struct Business {
  BusinessId id;
  AccountSid account;      ///< empty: the default account of the settings
  std::string auth_token;  ///< of `account`; empty with it
  int limit = 0;           ///< most downloads at once; 0: MAX_SLOTS_PER_BUSINESS
  AudioFormat format = AudioFormat::kMp3;
  bool format_is_default = true;  ///< `format` follows RECORDING_FORMAT
  bool paused = false;
  int retention_days = 0;           ///< a recording is kept this long after it was made (or stored); 0: for ever
  bool delete_at_provider = false;  ///< once the archive of a recording has been verified
};

/// The stored audio.
struct StoredAudio {
  std::string blob_key;  ///< blobs/blob_key.hpp
  std::uint64_t size_bytes = 0;
  std::string content_type;  ///< "audio/mpeg" or "audio/wav"
  std::string sha256;        ///< 64 lower-case hexadecimal digits
  SystemTime stored_at;
};

/// Longest reason of a legal hold, in bytes of UTF-8.
inline constexpr std::size_t kHoldReasonMax = 500;

/// A legal hold: why a recording must not be deleted, and since when.
struct Hold {
  std::string reason;
  SystemTime since;
  friend bool operator==(const Hold&, const Hold&) = default;
};

/// The progress of a running fetch, in bytes.
struct Progress {
  std::uint64_t bytes = 0;
  std::optional<std::uint64_t> total;  ///< empty: the provider did not announce it
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
  Lane lane = Lane::kFetch;       ///< meaningful once the recording was asked for
  std::int64_t wanted_order = 0;  ///< order of asking, over the whole store; 0: never asked for
  std::int64_t fence = 0;         ///< only grows; each attempt has its own
  int attempts = 0;               ///< since the last request by a person
  std::optional<SystemTime> retry_at;
  std::optional<Cause> cause;           ///< of the last failure, until the recording is stored
  std::optional<int> duration_seconds;  ///< according to the provider or the host application
  int channels = 0;                     ///< 0: unknown
  std::optional<SystemTime> recorded_at;
  std::optional<SystemTime> announced_at;  ///< when the provider's webhook came
  std::optional<StoredAudio> audio;        ///< exactly when stored
  std::optional<AudioMeasure> measure;     ///< of a stored one, once it was decoded; its waveform is stored then
  std::optional<Cause> measure_cause;      ///< why it cannot be measured
  std::optional<SystemTime> delete_at;     ///< when its retention ends; none: never
  std::optional<Hold> hold;
  std::optional<std::string> damage;        ///< of a stored one: what is wrong with its blob, which must not be served
  std::optional<SystemTime> source_due_at;  ///< when to delete it at the provider; none: never
  bool source_gone = false;                 ///< the provider no longer has it, so it cannot be fetched again
};

/// A phone call, with its first recording if there is one.
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
