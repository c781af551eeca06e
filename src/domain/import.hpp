#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "domain/ids.hpp"
#include "domain/recording.hpp"

namespace tapedeck {

/// What an import lists: a provider account's recordings that were made in this time.
struct ImportScope {
  AccountSid account;
  std::optional<SystemTime> since;  ///< inclusive
  std::optional<SystemTime> until;  ///< exclusive
  friend bool operator==(const ImportScope&, const ImportScope&) = default;
};

/// What became of the recordings that an import has listed. `listed` is the sum of what it queued and of the others.
struct ImportCounts {
  std::int64_t listed = 0;
  std::int64_t stored_before = 0;   ///< the audio was there already
  std::int64_t waiting_before = 0;  ///< asked for already, by somebody else
  std::int64_t failed_before = 0;   ///< given up earlier; to be retried by hand
  std::int64_t gone = 0;            ///< deleted here, or absent: not brought back
  std::int64_t not_completed = 0;   ///< the provider is still at it, or has no audio of it
  std::int64_t not_ours = 0;        ///< another business's, or of a call that this business does not know
  std::int64_t unreadable = 0;      ///< entries that name no call or no recording
  friend bool operator==(const ImportCounts&, const ImportCounts&) = default;
};

/// How far the import of a business's recordings is. One row of the call store's imports.
struct Import {
  std::int64_t id = 0;
  BusinessId business;
  ImportScope scope;
  SystemTime started_at;
  SystemTime touched_at;   ///< when it was saved last
  std::string next_page;   ///< where the listing goes on; empty at its beginning
  bool is_listed = false;  ///< everything was listed
  ImportCounts counts;
};

/// Recordings that one import has queued, by where they are now.
struct ImportTally {
  RecordingState state = RecordingState::kQueued;
  std::string cause_code;  ///< of the last failure; empty where there was none
  std::int64_t count = 0;
  friend bool operator==(const ImportTally&, const ImportTally&) = default;
};

/// What is known of a recording that a provider lists.
struct KnownRecording {
  BusinessId business;
  Sid sid;
  RecordingState state = RecordingState::kRemote;
  std::int64_t import = 0;  ///< the import that queued it; 0: none
  friend bool operator==(const KnownRecording&, const KnownRecording&) = default;
};

/// How far a task of the upkeep is.
struct UpkeepMark {
  std::string cursor;                     ///< the task's own; empty at the beginning
  std::optional<SystemTime> finished_at;  ///< when the last pass ended; none: never, or it is wanted now
  friend bool operator==(const UpkeepMark&, const UpkeepMark&) = default;
};

}  // namespace tapedeck
