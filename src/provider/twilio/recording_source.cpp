#include "provider/twilio/recording_source.hpp"

#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

#include <fmt/format.h>

#include "curl/follow.hpp"
#include "provider/twilio/answer.hpp"

namespace tapedeck {
namespace {

// The end of a media URL for each format. Without RequestedChannels a recording has the channels it was made with.
std::string form_of(AudioFormat format) {
  switch (format) {
    case AudioFormat::kMp3: return ".mp3";
    case AudioFormat::kWav: return ".wav";
    case AudioFormat::kWavDual: break;
  }
  return ".wav?RequestedChannels=2";
}

constexpr const char* kMonoForm = ".wav?RequestedChannels=1";
constexpr const char* kMetadataForm = ".json";

BasicLogin login_of(const FetchRequest& request) { return {request.login_account.str(), request.auth_token}; }

// Called when a stop is requested, on the thread that requests it.
struct CancelTransfer {
  CurlTransfer* transfer;
  void operator()() const noexcept { transfer->cancel(); }
};

// Moves the body into the sink.
Task<Result<void>> pump(FollowingRequest& exchange, FetchSink& sink) {
  bool any = false;
  while (true) {
    CurlResult<std::string> bytes = co_await exchange.read();
    if (!bytes) co_return fail(error_of_transfer(bytes.error()));
    if (bytes->empty()) break;
    any = true;
    Result<void> taken = co_await sink.write(std::move(*bytes));
    if (!taken) co_return taken;
  }
  if (!any) co_return fail(Errc::kMediaEmpty, "the provider sent no bytes");
  co_return Result<void>{};
}

// The error of a status, with the number from the body.
Task<Error> refused(FollowingRequest& exchange, CurlHead head, const Clock& clock) {
  CurlResult<std::string> body = co_await exchange.read_some(kUnwantedBodyBytes);
  if (!body && body.error().failure == CurlFailure::kCancelled) co_return error_of_transfer(body.error());
  // Otherwise the status says enough, even if the body was cut off.
  Error error = error_of_status(head, body ? *body : std::string(), clock.system_now());
  const bool of_account = error.errc() == Errc::kProviderUnauthorized || error.errc() == Errc::kProviderRateLimited;
  // A refusal by another host, such as that of an expired link, must not stop the account.
  if (exchange.left_home() && of_account) error.code = Errc::kProviderServerError;
  co_return error;
}

Task<Result<void>> receive(FollowingRequest& exchange, CurlHead head, FetchSink& sink, std::uint64_t bytes_max) {
  Result<FetchHead> media = check_media_head(head, bytes_max);
  if (!media) {
    // Reading a short document to its end keeps the connection usable.
    (void)co_await exchange.read_some(kUnwantedBodyBytes);
    co_return fail(media.error());
  }
  Result<void> started = co_await sink.start(std::move(*media));
  if (!started) co_return started;
  Result<void> pumped = co_await pump(exchange, sink);
  co_return pumped;
}

}  // namespace

Result<Url> TwilioRecordingSource::url_of(const FetchRequest& request, const std::string& form) const {
  return parse_url(fmt::format("{}/2010-04-01/Accounts/{}/Recordings/{}{}", api_.base, request.media_account.view(),
                               request.recording.view(), form));
}

Task<FetchOutcome> TwilioRecordingSource::fetch(FetchRequest request, FetchSink& sink, std::stop_token stop) {
  Attempt attempt = co_await fetch_form(request, form_of(request.format), sink, stop);
  if (!attempt.channels_refused) co_return std::move(attempt.outcome);
  // 400 for two channels: the recording has only one (Twilio warning 16113).
  const bool cut_before = attempt.outcome.cut_by_us;
  Attempt mono = co_await fetch_form(request, kMonoForm, sink, stop);
  mono.outcome.cut_by_us = mono.outcome.cut_by_us || cut_before;
  co_return std::move(mono.outcome);
}

Task<TwilioRecordingSource::Attempt> TwilioRecordingSource::fetch_form(FetchRequest request, std::string form,
                                                                       FetchSink& sink, std::stop_token stop) {
  Attempt attempt;
  const Result<Url> url = url_of(request, form);
  if (!url) {
    attempt.outcome.result = fail(url.error());
    co_return attempt;
  }
  FollowingRequest exchange(client_, api_.policy, api_.limits, stop);
  CurlResult<CurlHead> head = co_await exchange.open(*url, login_of(request));
  if (!head) {
    attempt.outcome.result = fail(error_of_transfer(head.error()));
  } else if (head->status == 200) {
    Result<void> received = co_await receive(exchange, *head, sink, api_.limits.body_bytes_max);
    attempt.outcome.result = std::move(received);
  } else {
    attempt.channels_refused = head->status == 400 && form == form_of(AudioFormat::kWavDual);
    Error error = co_await refused(exchange, *head, clock_);
    attempt.outcome.result = fail(std::move(error));
  }
  co_await exchange.close();
  attempt.outcome.cut_by_us = exchange.cut_by_us();
  co_return attempt;
}

Task<Result<RemoteStatus>> TwilioRecordingSource::describe(FetchRequest request, std::stop_token stop) {
  const Result<Url> url = url_of(request, kMetadataForm);
  if (!url) co_return fail(url.error());
  FollowingRequest exchange(client_, api_.policy, api_.limits, stop);
  CurlResult<CurlHead> head = co_await exchange.open(*url, login_of(request));
  Result<RemoteStatus> status = RemoteStatus::kAbsent;
  if (!head) {
    status = fail(error_of_transfer(head.error()));
  } else if (head->status == 200) {
    CurlResult<std::string> body = co_await exchange.read_some(kMetadataBytesMax);
    status = body ? parse_metadata(*body) : fail(error_of_transfer(body.error()));
  } else if (head->status != 404 && head->status != 410) {
    Error error = co_await refused(exchange, *head, clock_);
    status = fail(std::move(error));
  }
  co_await exchange.close();
  co_return status;
}

// Not a FollowingRequest, because a deletion must not follow redirects.
Task<Result<void>> TwilioRecordingSource::remove(FetchRequest request, std::stop_token stop) {
  const Result<Url> url = url_of(request, kMetadataForm);
  if (!url) co_return fail(url.error());
  CurlRequest deletion;
  deletion.url = *url;
  deletion.method = CurlMethod::kDelete;
  deletion.login = login_of(request);
  deletion.may_be_private = api_.policy.may_be_private(url->endpoint);
  deletion.limits = api_.limits;
  const std::unique_ptr<CurlTransfer> transfer = client_.start(std::move(deletion));
  const std::stop_callback on_stop(stop, CancelTransfer{transfer.get()});
  CurlResult<CurlHead> head = co_await transfer->head();
  Result<void> removed;
  if (!head) {
    removed = fail(error_of_transfer(head.error()));
  } else if (head->status != 204 && head->status != 404 && head->status != 410) {
    CurlResult<std::string> body = co_await transfer->read();
    removed = fail(error_of_status(*head, body ? *body : std::string(), clock_.system_now()));
  }
  transfer->cancel();
  co_await transfer->ended();
  co_return removed;
}

}  // namespace tapedeck
