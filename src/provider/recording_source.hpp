#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "domain/recording.hpp"
#include "runtime/task.hpp"

namespace tapedeck {

/// What to fetch, and as whom.
struct FetchRequest {
  RecordingSid recording;
  AccountSid media_account;  ///< whose recording it is; in the URL
  AccountSid login_account;  ///< whose credentials; the same, or its parent
  std::string auth_token;
  AudioFormat format = AudioFormat::kMp3;
};

/// What the provider's answer announced.
struct FetchHead {
  std::string content_type;
  std::optional<std::uint64_t> content_length;
};

/// Takes the bytes as they come. A Result with an error stops the fetch with that error.
class FetchSink {
 public:
  virtual ~FetchSink() = default;
  [[nodiscard]] virtual Task<Result<void>> start(FetchHead head) = 0;
  [[nodiscard]] virtual Task<Result<void>> write(std::string chunk) = 0;
};

/// What the provider says of a recording when asked for its metadata.
enum class RemoteStatus { kPreparing, kCompleted, kAbsent };

/// How a fetch went.
struct FetchOutcome {
  Result<void> result;
  /// We closed a transfer that the provider was still sending: its side may count it for a moment longer.
  bool cut_by_us = false;
};

/// The telephony provider. Thread-safe.
class RecordingSource {
 public:
  virtual ~RecordingSource() = default;
  /// Asks for the media once, and returns when all bytes are in the sink or nothing more will come. Errors are those
  /// of Errc that begin with kProvider and kMedia, the sink's own, and kCancelled when `stop` was requested; then the
  /// connection is closed before the task returns. kProviderNotReady stands for every 404: only describe() tells a
  /// recording in preparation from one that does not exist.
  [[nodiscard]] virtual Task<FetchOutcome> fetch(FetchRequest request, FetchSink& sink, std::stop_token stop) = 0;
  /// Asks for the metadata. A 404 is kAbsent.
  [[nodiscard]] virtual Task<Result<RemoteStatus>> describe(FetchRequest request, std::stop_token stop) = 0;
  /// Deletes the recording there; one that is not there counts as deleted. Errors: as of fetch(), without kMedia….
  [[nodiscard]] virtual Task<Result<void>> remove(FetchRequest request, std::stop_token stop) = 0;
};

}  // namespace tapedeck
