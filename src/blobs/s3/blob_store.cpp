#include "blobs/s3/blob_store.hpp"

#include <optional>
#include <utility>

#include "blobs/blob_key.hpp"
#include "blobs/s3/blob.hpp"
#include "blobs/s3/listing.hpp"

namespace tapedeck {
namespace {

constexpr const char* kProbeKey = ".tapedeck-probe";
constexpr const char* kProbeText = "tapedeck probe\n";
// Enough to mend one cause; the caller asks again anyway.
constexpr int kProbeTries = 2;

class S3BlobWriter final : public BlobWriter {
 public:
  S3BlobWriter(s3::Connection& connection, const S3Options& options, std::string key)
      : connection_(connection),
        sizes_(options.sizes),
        key_(std::move(key)),
        spool_(connection.pool(), options.spool_folder) {}

  [[nodiscard]] Task<Result<void>> write(std::string chunk) override {
    Result<void> kept = co_await spool_.append(std::move(chunk));
    co_return kept;
  }

  [[nodiscard]] Task<Result<void>> publish(BlobFacts facts, std::stop_token stop) override {
    if (std::exchange(published_, true)) co_return fail(Errc::kInternal, "published twice");
    Result<void> stored = co_await s3::upload(connection_, spool_, key_, std::move(facts), sizes_, std::move(stop));
    co_return stored;
  }

 private:
  s3::Connection& connection_;
  s3::UploadSizes sizes_;
  std::string key_;
  s3::Spool spool_;
  bool published_ = false;
};

}  // namespace

Result<std::unique_ptr<S3BlobStore>> S3BlobStore::make(s3::Connection::Parts parts, S3Options options) {
  Result<AwsCredentials> credentials = options.credentials();
  if (!credentials) return fail(credentials.error());
  return std::unique_ptr<S3BlobStore>(new S3BlobStore(parts, std::move(options), std::move(*credentials)));
}

S3BlobStore::S3BlobStore(s3::Connection::Parts parts, S3Options options, AwsCredentials credentials)
    : options_(std::move(options)),
      connection_(parts, options_.location, std::move(credentials), options_.credentials, options_.limits) {}

Task<Result<std::unique_ptr<BlobWriter>>> S3BlobStore::create(std::string key) {
  if (Result<void> good = check_blob_key(key); !good) co_return fail(good.error());
  co_return std::make_unique<S3BlobWriter>(connection_, options_, std::move(key));
}

Task<Result<std::shared_ptr<Blob>>> S3BlobStore::open(std::string key) {
  if (Result<void> good = check_blob_key(key); !good) co_return fail(good.error());
  Result<s3::ObjectHead> head = co_await s3::head_object(connection_, key);
  if (!head) co_return fail(head.error());
  if (head->etag.empty())
    co_return fail(Errc::kUnavailable, "the store gives no ETag, which reads need to name the blob");
  co_return std::make_shared<s3::ObjectBlob>(connection_, std::move(key), std::move(*head));
}

Task<Result<void>> S3BlobStore::remove(std::string key) {
  if (Result<void> good = check_blob_key(key); !good) co_return good;
  Result<void> removed = co_await s3::remove_object(connection_, std::move(key));
  co_return removed;
}

Task<Result<std::optional<std::uint64_t>>> S3BlobStore::size_of(std::string key) {
  if (Result<void> good = check_blob_key(key); !good) co_return fail(good.error());
  Result<s3::ObjectHead> head = co_await s3::head_object(connection_, std::move(key));
  if (!head && is_not_found(head.error())) co_return std::nullopt;
  if (!head) co_return fail(head.error());
  co_return head->size;
}

Task<Result<std::vector<BlobEntry>>> S3BlobStore::list(std::string after, int limit) {
  Result<std::vector<BlobEntry>> entries = co_await s3::list_blobs(connection_, std::move(after), limit);
  co_return entries;
}

Task<Result<int>> S3BlobStore::collect_leftovers() {
  Result<int> aborted = co_await s3::abort_leftovers(connection_, options_.leftover_age);
  co_return aborted;
}

Task<Result<void>> S3BlobStore::ping() {
  const std::int64_t now = std::chrono::floor<Milliseconds>(connection_.steady_now().time_since_epoch()).count();
  const std::int64_t written_at = probe_written_ms_;
  if (written_at != kNever && now - written_at < kProbeWriteEvery.count()) {
    s3::Call call;
    call.key = kProbeKey;
    call.tries_max = kProbeTries;
    Result<s3::Exchange> read = co_await connection_.exchange(std::move(call));
    if (read) co_return Result<void>{};
    if (!is_not_found(read.error())) co_return fail(read.error());
  }
  Result<void> written = co_await write_probe();
  if (written) probe_written_ms_ = now;
  co_return written;
}

Task<Result<void>> S3BlobStore::write_probe() {
  s3::Call call;
  call.method = CurlMethod::kPut;
  call.key = kProbeKey;
  call.headers = {{"Content-Type", "text/plain"}};
  call.body = kProbeText;
  call.tries_max = kProbeTries;
  Result<s3::Exchange> written = co_await connection_.exchange(std::move(call));
  if (!written) co_return fail(written.error());
  co_return Result<void>{};
}

std::optional<std::string> S3BlobStore::link(const std::string& key, Seconds lifetime) {
  if (!is_blob_key(key)) return std::nullopt;
  return connection_.presign(key, lifetime);
}

}  // namespace tapedeck
