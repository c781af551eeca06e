#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "domain/ids.hpp"
#include "domain/recording.hpp"

namespace tapedeck {

/// What an import lists: recordings of a provider account, made in this time.
struct ImportScope {
  AccountSid account;
  std::optional<SystemTime> since;  ///< inclusive
  std::optional<SystemTime> until;  ///< exclusive
  friend bool operator==(const ImportScope&, const ImportScope&) = default;
};

/// The outcome of the recordings that an import has listed. `listed` is the sum of the queued ones and of all others.
struct ImportCounts {
  std::int64_t listed = 0;
  std::int64_t stored_before = 0;   ///< the audio was stored already
  std::int64_t waiting_before = 0;  ///< asked for before
  std::int64_t failed_before = 0;   ///< failed before; somebody must retry it
  std::int64_t gone = 0;            ///< deleted here, or absent: an import does not bring it back
  std::int64_t not_completed = 0;   ///< in preparation at the provider, or without audio
  std::int64_t not_ours = 0;        ///< of another business, or of a call that this business does not know
  std::int64_t unreadable = 0;      ///< entries without a valid call or recording
  friend bool operator==(const ImportCounts&, const ImportCounts&) = default;
};

/// The progress of an import of a business's recordings. One row of the call store's imports.
struct Import {
  std::int64_t id = 0;
  BusinessId business;
  ImportScope scope;
  SystemTime started_at;
  SystemTime touched_at;   ///< when it was last saved
  std::string next_page;   ///< where the listing continues; empty at its beginning
  bool is_listed = false;  ///< the listing is complete
  ImportCounts counts;
};

/// The recordings that one import has queued, by their state now.
struct ImportTally {
  RecordingState state = RecordingState::kQueued;
  std::string cause_code;  ///< of the last failure; empty: none
  std::int64_t count = 0;
  friend bool operator==(const ImportTally&, const ImportTally&) = default;
};

/// What the call store knows of a recording that a provider lists.
struct KnownRecording {
  BusinessId business;
  Sid sid;
  RecordingState state = RecordingState::kRemote;
  std::int64_t import = 0;  ///< the import that queued it; 0: none
  friend bool operator==(const KnownRecording&, const KnownRecording&) = default;
};

/// The progress of an upkeep task.
struct UpkeepMark {
  std::string cursor;                     ///< of the task; empty at the beginning
  std::optional<SystemTime> finished_at;  ///< when the last pass ended; none: never, or the next pass is due at once
  friend bool operator==(const UpkeepMark&, const UpkeepMark&) = default;
};

}  // namespace tapedeck
