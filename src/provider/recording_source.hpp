#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "domain/recording.hpp"
#include "runtime/task.hpp"

namespace tapedeck {

/// The recording to fetch, and the credentials.
struct FetchRequest {
  RecordingSid recording;
  AccountSid media_account;  ///< of the recording; part of the URL
  AccountSid login_account;  ///< of the credentials: the same account or its parent
  std::string auth_token;
  AudioFormat format = AudioFormat::kMp3;
};

/// The request for a recording of this business. A recording without an account of its own is the business's.
[[nodiscard]] FetchRequest request_for(const Business& business, const Recording& recording);

/// What the head of the provider's answer says.
struct FetchHead {
  std::string content_type;
  std::optional<std::uint64_t> content_length;
};

/// Takes the bytes of a fetch. An error ends the fetch with that error.
class FetchSink {
 public:
  virtual ~FetchSink() = default;
  [[nodiscard]] virtual Task<Result<void>> start(FetchHead head) = 0;
  [[nodiscard]] virtual Task<Result<void>> write(std::string chunk) = 0;
};

/// The state of a recording according to its metadata.
enum class RemoteStatus { kPreparing, kCompleted, kAbsent };

/// The outcome of a fetch.
struct FetchOutcome {
  Result<void> result;
  /// We closed a transfer while the provider was still sending. The provider may count it for a moment longer.
  bool cut_by_us = false;
};

/// Recordings of a telephony provider. Thread-safe.
class RecordingSource {
 public:
  virtual ~RecordingSource() = default;
  /// Asks for the media once. Returns when the sink has all bytes or no more will come. Errors: those of Errc that
  /// begin with kProvider and kMedia, those of the sink, and kCancelled when `stop` was requested; the connection is
  /// closed before the task returns. kProviderNotReady stands for every 404: only describe() can tell a recording in
  /// preparation from one that does not exist.
  [[nodiscard]] virtual Task<FetchOutcome> fetch(FetchRequest request, FetchSink& sink, std::stop_token stop) = 0;
  /// Asks for the metadata. A 404 reads as kAbsent.
  [[nodiscard]] virtual Task<Result<RemoteStatus>> describe(FetchRequest request, std::stop_token stop) = 0;
  /// Deletes the recording at the provider. An unknown one counts as deleted. Errors as of fetch(), without kMedia….
  [[nodiscard]] virtual Task<Result<void>> remove(FetchRequest request, std::stop_token stop) = 0;
};

}  // namespace tapedeck
