#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "curl/client.hpp"
#include "provider/twilio/recording_source.hpp"
#include "runtime/run_task.hpp"
#include "tests/fakes/scripted_server.hpp"

namespace tapedeck {

/// A clock that shows one time.
class FixedClock final : public Clock {
 public:
  [[nodiscard]] SystemTime system_now() const override { return *parse_rfc3339("2026-11-23T12:00:00Z"); }
  [[nodiscard]] SteadyTime steady_now() const override { return {}; }
  [[nodiscard]] Task<> sleep_until(SteadyTime, std::stop_token) override {
    throw std::logic_error("nobody sleeps here");
  }
};

/// Keeps the pieces, and calls back for each.
class CollectingSink final : public FetchSink {
 public:
  [[nodiscard]] Task<Result<void>> start(FetchHead announced) override {
    head = std::move(announced);
    co_return on_start ? on_start() : Result<void>{};
  }
  [[nodiscard]] Task<Result<void>> write(std::string chunk) override {
    bytes += chunk;
    co_return on_bytes ? on_bytes() : Result<void>{};
  }

  std::optional<FetchHead> head;
  std::string bytes;
  std::function<Result<void>()> on_start;
  std::function<Result<void>()> on_bytes;
};

inline const std::string kAccountText = "AC00000000000000000000000000000001";
inline const std::string kParentText = "AC00000000000000000000000000000002";
inline const std::string kRecordingText = "RE00000000000000000000000000000003";
inline const std::string kMediaPath = "/2010-04-01/Accounts/" + kAccountText + "/Recordings/" + kRecordingText;
/// Of user AC00000000000000000000000000000002 and password "secret".
inline const std::string kAuthorization = "Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMjpzZWNyZXQ=";

/// A scripted provider, and the source under test that fetches from it, with short limits.
class SourceTest : public testing::Test {
 protected:
  SourceTest() { options_ = default_options(); }

  TwilioOptions default_options() {
    TwilioOptions options;
    options.base_url = provider_.url();
    options.limits.connect_timeout = Milliseconds{60'000};
    options.limits.answer_timeout = Milliseconds{60'000};
    options.limits.idle_timeout = Milliseconds{60'000};
    options.limits.low_speed_window = Milliseconds{60'000};
    return options;
  }

  static FetchRequest request(AudioFormat format = AudioFormat::kMp3) {
    FetchRequest request;
    request.recording = *RecordingSid::parse(kRecordingText);
    request.media_account = *AccountSid::parse(kAccountText);
    request.login_account = *AccountSid::parse(kParentText);
    request.auth_token = "secret";
    request.format = format;
    return request;
  }

  /// Runs the task to its end on the loop of the provider.
  template <class T>
  T run(Task<T> task) {
    WatchedTask<T> watched(loop_, std::move(task));
    while (!watched.is_done()) loop_.run_one();
    return watched.take();
  }

  FetchOutcome fetch(AudioFormat format = AudioFormat::kMp3) {
    source_ = std::make_unique<TwilioRecordingSource>(client_, clock_, *TwilioApi::parse(options_));
    return run(source_->fetch(request(format), sink_, stop_.get_token()));
  }
  Result<RemoteStatus> describe() {
    source_ = std::make_unique<TwilioRecordingSource>(client_, clock_, *TwilioApi::parse(options_));
    return run(source_->describe(request(), stop_.get_token()));
  }

  Result<void> remove() {
    source_ = std::make_unique<TwilioRecordingSource>(client_, clock_, *TwilioApi::parse(options_));
    return run(source_->remove(request(), stop_.get_token()));
  }

  boost::asio::io_context loop_{1};
  FixedClock clock_;
  ScriptedServer provider_{loop_};
  TwilioOptions options_;
  std::stop_source stop_;
  CollectingSink sink_;
  CurlClient client_;
  std::unique_ptr<TwilioRecordingSource> source_;
};

/// "ok", or the name of the error.
inline std::string verdict_of(const FetchOutcome& outcome) {
  return outcome.result ? "ok" : std::string(errc_name(outcome.result.error().errc()));
}

inline const std::string kMp3Header = "Content-Type: audio/mpeg\r\n";

}  // namespace tapedeck
