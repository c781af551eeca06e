#include <array>
#include <string>

#include <fmt/format.h>

#include "http/api/media_response.hpp"
#include "http/api/not_stored.hpp"
#include "http/api/resources.hpp"
#include "http/api/views.hpp"
#include "media/peaks.hpp"

namespace tapedeck::http {
namespace {

using boost::beast::http::verb;

// A recording that has just been stored is measured within a second or two.
constexpr Seconds kAskAgainPeaks{1};

Problem without_peaks(const Recording& recording) {
  Problem problem{.kind = ProblemKind::kPeaksFailed, .detail = recording.measure_cause->detail};
  problem.more["state"] = state_name(recording.state);
  problem.more["cause"] = cause_json(*recording.measure_cause);
  return problem;
}

// The order matters: a recording that is not stored answers as a stream that starts nothing would.
Task<Answer> get_peaks(const Exchange& exchange, Sid sid) {
  const auto waveform = co_await exchange.dependencies.recordings.waveform(exchange.business, std::move(sid));
  if (!waveform) co_return refuse(waveform.error());
  const Recording& recording = waveform->view.recording;
  if (recording.state != RecordingState::kStored) {
    co_return not_stored(waveform->view, exchange.dependencies.clock.system_now());
  }
  if (waveform->peaks == nullptr && recording.measure_cause) co_return refuse(without_peaks(recording));
  if (waveform->peaks == nullptr) {
    Response response = json_response(202, {{"status", "pending"}});
    add_retry_after(response, kAskAgainPeaks);
    co_return response;
  }
  // The audio decides the peaks, so its hash stands for theirs.
  const std::string etag = fmt::format("\"peaks{}-{}\"", kPeaksVersion, recording.audio->sha256);
  const std::string last_modified = format_http_date(recording.audio->stored_at);
  const MediaInfo info{.blob = waveform->peaks,
                       .size = waveform->peaks->size(),
                       .content_type = "application/json",
                       .etag = etag,
                       .last_modified = last_modified,
                       .modified_at = recording.audio->stored_at,
                       .file_name = std::nullopt};
  co_return media_response(exchange.request, info);
}

}  // namespace

std::span<const Route> peaks_routes() {
  static constexpr std::array kRoutes{
      Route{verb::get, "/api/recordings/{sid}/peaks", Needs::kBusinessOrLink, get_peaks},
  };
  return kRoutes;
}

}  // namespace tapedeck::http
