#pragma once

#include <memory>

#include "app/worker/provider_backoff.hpp"
#include "app/worker/worker.hpp"
#include "main/shared_parts.hpp"
#include "media/sndfile/audio_meter.hpp"
#include "provider/twilio/recording_source.hpp"

namespace tapedeck {

/// The worker's part of a process: everything that can download, and that decodes what was downloaded.
class Fetching {
 public:
  /// Error kInvalidArgument: the provider's address.
  [[nodiscard]] static Result<std::unique_ptr<Fetching>> make(const SharedParts& parts);

  /// Runs the worker and its measures until `stop` is requested and every download has ended or was handed back.
  [[nodiscard]] Task<> run(boost::asio::any_io_executor executor, Pulse pulse, std::stop_token stop);

  [[nodiscard]] RecordingSource& source() { return *source_; }
  [[nodiscard]] CurlClient& curl() { return curl_; }

 private:
  explicit Fetching(const SharedParts& parts);

  const SharedParts parts_;
  CurlClient curl_;
  std::unique_ptr<TwilioRecordingSource> source_;
  ProviderBackoff backoff_;
  std::unique_ptr<SndfileAudioMeter> meter_;  // null: PEAKS_THREADS is 0
};

}  // namespace tapedeck
