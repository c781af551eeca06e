#include "calls/copy/blob_copy.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/this_coro.hpp>

#include "base/sha256_stream.hpp"
#include "blobs/blob_key.hpp"
#include "domain/recording.hpp"
#include "runtime/describe.hpp"
#include "runtime/task_scope.hpp"

namespace tapedeck {
namespace {

constexpr std::size_t kReadBytes = 256 * 1024;
constexpr const char* kWaveformType = "application/json";

constexpr std::size_t kState = archive_column(ArchiveTable::kRecordings, "state");
constexpr std::size_t kBlobKey = archive_column(ArchiveTable::kRecordings, "blob_key");
constexpr std::size_t kSizeBytes = archive_column(ArchiveTable::kRecordings, "size_bytes");
constexpr std::size_t kContentType = archive_column(ArchiveTable::kRecordings, "content_type");
constexpr std::size_t kSha256 = archive_column(ArchiveTable::kRecordings, "sha256");
constexpr std::size_t kMeasuredMs = archive_column(ArchiveTable::kRecordings, "measured_ms");

struct WantedBlob {
  std::int64_t row_id = 0;
  std::string key;
  std::uint64_t size = 0;
  std::string content_type;
  std::string sha256;
  bool has_waveform = false;
};

// What a blob's bytes turned out to be.
struct Copied {
  std::uint64_t size = 0;
  std::string sha256;
};

std::string text_of(const ArchiveValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text != nullptr ? *text : std::string();
}
std::int64_t number_of(const ArchiveValue& value) {
  const auto* number = std::get_if<std::int64_t>(&value);
  return number != nullptr ? *number : 0;
}

// What is deleted has a blob only until somebody removes it.
std::optional<WantedBlob> blob_of(const ArchiveRow& row) {
  if (text_of(row[kState]) != state_name(RecordingState::kStored)) return std::nullopt;
  return WantedBlob{
      number_of(row.front()),     text_of(row[kBlobKey]), static_cast<std::uint64_t>(number_of(row[kSizeBytes])),
      text_of(row[kContentType]), text_of(row[kSha256]),  !std::holds_alternative<std::monostate>(row[kMeasuredMs])};
}

enum class Look { kThere, kNotThere };

// One run over the rows, and what its tasks share. All of them run on one loop.
class BlobRun {
 public:
  BlobRun(BlobRoute route, const CopyWatcher& watcher) : route_(route), watcher_(watcher) {}

  Task<Result<BlobOutcome>> run() {
    const auto counted = co_await route_.rows.archive_count(ArchiveTable::kRecordings);
    progress_ = {"blobs", 0, counted.value_or(0), 0};
    const auto executor = co_await boost::asio::this_coro::executor;
    ArchivePages pages(route_.rows, ArchiveTable::kRecordings);
    while (!error_) {
      auto page = co_await pages.next();
      if (!page) co_return fail(page.error());
      if (page->empty()) break;
      wanted_.clear();
      for (const ArchiveRow& row : *page) {
        if (auto blob = blob_of(row)) wanted_.push_back(std::move(*blob));
      }
      co_await copy_wanted(executor);
      progress_.done += static_cast<std::int64_t>(page->size() - wanted_.size());
      watcher_(progress_);
    }
    if (error_) co_return fail(*error_);
    co_return std::move(outcome_);
  }

 private:
  Task<> copy_wanted(boost::asio::any_io_executor executor) {
    next_ = 0;
    TaskScope scope(std::move(executor), [this](std::exception_ptr failure) {
      error_ = Error(Errc::kInternal, "the copying of a recording broke: " + describe(failure));
    });
    const int tasks = static_cast<int>(std::min<std::size_t>(wanted_.size(), kBlobsAtOnce));
    for (int i = 0; i < tasks; ++i) scope.spawn(copy_next());
    co_await scope.join();
  }

  Task<> copy_next() {
    while (next_ < wanted_.size() && !error_) {
      const WantedBlob& blob = wanted_[next_++];
      ++outcome_.blobs;
      outcome_.bytes += blob.size;
      const auto handled = co_await handle(blob);
      ++progress_.done;
      watcher_(progress_);
      if (!handled && !error_) error_ = Error(handled.error().errc(), named(blob, handled.error().detail));
    }
  }

  static std::string named(const WantedBlob& blob, std::string_view what) {
    return fmt::format("{}: {}", blob.key, what);
  }

  Task<Result<void>> handle(const WantedBlob& blob) {
    const auto there = co_await look(blob);
    if (!there) co_return fail(there.error());
    if (*there == Look::kNotThere) {
      const auto brought = co_await bring(blob);
      if (!brought) co_return fail(brought.error());
    }
    if (!blob.has_waveform) co_return Result<void>{};
    const auto drawn = co_await bring_waveform(peaks_key(blob.key));
    co_return drawn;
  }

  Task<Result<void>> bring(const WantedBlob& blob) {
    std::string key = blob.key;
    auto source = co_await route_.source.open(std::move(key));
    if (!source && !is_not_found(source.error())) co_return fail(source.error());
    if (!source) {
      const auto noted = co_await note_missing(blob);
      co_return noted;
    }
    const auto copied = co_await copy(blob, **source);
    co_return copied;
  }

  // No row knows its bytes: it is made of the recording's, and can be made again.
  Task<Result<void>> bring_waveform(std::string key) {
    std::string wanted = key;
    const auto there = co_await route_.copy.open(std::move(wanted));
    if (there) co_return Result<void>{};
    if (!is_not_found(there.error())) co_return fail(there.error());
    std::string from = key;
    auto source = co_await route_.source.open(std::move(from));
    if (!source && is_not_found(source.error())) co_return Result<void>{};
    if (!source) co_return fail(source.error());
    auto writer = co_await route_.copy.create(std::move(key));
    if (!writer) co_return fail(writer.error());
    auto copied = co_await pump(**source, **writer);
    if (!copied) co_return fail(copied.error());
    BlobFacts facts{std::move(copied->sha256), kWaveformType};
    const auto published = co_await (*writer)->publish(std::move(facts), std::stop_token());
    if (!published) co_return fail(published.error());
    ++outcome_.waveforms;
    co_return Result<void>{};
  }

  Task<Result<Look>> look(const WantedBlob& blob) {
    std::string key = blob.key;
    const auto found = co_await route_.copy.open(std::move(key));
    if (found) co_return (*found)->size() == blob.size ? Look::kThere : Look::kNotThere;
    if (is_not_found(found.error())) co_return Look::kNotThere;
    co_return fail(found.error());
  }

  // Whether the row that named it is as it was.
  Task<Result<void>> note_missing(const WantedBlob& blob) {
    auto rows = co_await route_.live.archive_page(ArchiveTable::kRecordings, ArchiveValue(blob.row_id - 1), 1);
    if (!rows) co_return fail(rows.error());
    const auto now = rows->empty() ? std::nullopt : blob_of(rows->front());
    if (now && now->row_id == blob.row_id && now->key == blob.key) {
      ++outcome_.missing;
      name(blob);
    } else {
      ++outcome_.outdated;
    }
    co_return Result<void>{};
  }

  void name(const WantedBlob& blob) {
    if (outcome_.named.size() < kBlobsNamedMax) outcome_.named.push_back(blob.key);
  }

  Task<Result<void>> copy(const WantedBlob& blob, Blob& source) {
    std::string key = blob.key;
    auto writer = co_await route_.copy.create(std::move(key));
    if (!writer) co_return fail(writer.error());
    const auto copied = co_await pump(source, **writer);
    if (!copied) co_return fail(copied.error());
    if (copied->size != blob.size || copied->sha256 != blob.sha256) {
      ++outcome_.damaged;
      name(blob);
      co_return Result<void>{};
    }
    const auto published = co_await publish(blob, **writer);
    if (!published) co_return fail(published.error());
    ++outcome_.copied;
    progress_.bytes += copied->size;
    co_return Result<void>{};
  }

  static Task<Result<Copied>> pump(Blob& source, BlobWriter& writer) {
    Copied copied;
    Sha256Stream digest;
    const auto reader = source.read_in_order(0, source.size());
    while (true) {
      std::string chunk(kReadBytes, '\0');
      const auto got = co_await reader->read(std::as_writable_bytes(std::span(chunk)));
      if (!got) co_return fail(got.error());
      if (*got == 0) break;
      chunk.resize(*got);
      copied.size += chunk.size();
      digest.update(chunk);
      const auto written = co_await writer.write(std::move(chunk));
      if (!written) co_return fail(written.error());
    }
    copied.sha256 = digest.finish_hex();
    co_return copied;
  }

  Task<Result<void>> publish(const WantedBlob& blob, BlobWriter& writer) {
    BlobFacts facts{blob.sha256, blob.content_type};
    const auto published = co_await writer.publish(std::move(facts), std::stop_token());
    if (!published) co_return fail(published.error());
    const auto there = co_await look(blob);
    if (!there) co_return fail(there.error());
    if (*there != Look::kThere) co_return fail(Errc::kCorrupt, "the copy has another length than what was written");
    co_return Result<void>{};
  }

  const BlobRoute route_;
  const CopyWatcher& watcher_;
  CopyProgress progress_;
  BlobOutcome outcome_;
  std::vector<WantedBlob> wanted_;
  std::size_t next_ = 0;
  std::optional<Error> error_;
};

}  // namespace

Task<Result<BlobOutcome>> copy_blobs(BlobRoute route, const CopyWatcher& watcher) {
  BlobRun run(route, watcher);
  auto outcome = co_await run.run();
  co_return outcome;
}

Task<Result<BlobOutcome>> count_blobs(CallArchive& rows) {
  BlobOutcome outcome;
  ArchivePages pages(rows, ArchiveTable::kRecordings);
  while (true) {
    const auto page = co_await pages.next();
    if (!page) co_return fail(page.error());
    if (page->empty()) co_return outcome;
    for (const ArchiveRow& row : *page) {
      const auto blob = blob_of(row);
      if (!blob) continue;
      ++outcome.blobs;
      outcome.bytes += blob->size;
    }
  }
}

}  // namespace tapedeck
