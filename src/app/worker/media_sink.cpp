#include "app/worker/media_sink.hpp"

namespace tapedeck {

Task<Result<void>> MediaSink::start(FetchHead head) {
  check_.emplace(expected_, head.content_length);
  progress_ = {0, head.content_length};
  watcher_(progress_);
  co_return Result<void>();
}

Task<Result<void>> MediaSink::write(std::string chunk) {
  auto checked = check_->feed(chunk);
  if (!checked) co_return fail(checked.error());
  digest_.update(chunk);
  progress_.bytes += chunk.size();
  auto written = co_await writer_.write(std::move(chunk));
  if (!written) co_return fail(written.error());
  watcher_(progress_);
  co_return Result<void>();
}

Result<CheckedAudio> MediaSink::finish() const {
  if (!check_) return fail(Errc::kMediaEmpty, "the provider sent no recording");
  return check_->finish();
}

}  // namespace tapedeck
