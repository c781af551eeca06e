#include "blobs/filesystem/blob_store.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blobs/filesystem/blob_walk.hpp"

namespace tapedeck {
namespace {

class FileBlob final : public Blob {
 public:
  FileBlob(OffloadPool& pool, FileDescriptor file, std::uint64_t size)
      : pool_(pool), file_(std::move(file)), size_(size) {}

  [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }
  [[nodiscard]] int file_descriptor() const noexcept override { return file_.get(); }

  [[nodiscard]] Task<Result<std::size_t>> read(std::uint64_t offset, std::span<std::byte> out) override {
    auto work = [this, offset, out] { return read_now(offset, out); };
    Result<std::size_t> got = co_await offload(pool_, work);
    co_return got;
  }

 private:
  [[nodiscard]] Result<std::size_t> read_now(std::uint64_t offset, std::span<std::byte> out) const {
    if (offset >= size_) return 0U;
    while (true) {
      const ssize_t got = ::pread(file_.get(), out.data(), out.size(), static_cast<off_t>(offset));
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) return fail(Errc::kIo, "cannot read: " + std::generic_category().message(errno));
    }
  }

  OffloadPool& pool_;
  FileDescriptor file_;
  std::uint64_t size_;
};

class FileBlobWriter final : public BlobWriter {
 public:
  FileBlobWriter(OffloadPool& pool, std::shared_ptr<BlobDirectory> directory, std::string key, TemporaryFile temporary)
      : pool_(pool), directory_(std::move(directory)), key_(std::move(key)), temporary_(std::move(temporary)) {}
  FileBlobWriter(const FileBlobWriter&) = delete;
  FileBlobWriter& operator=(const FileBlobWriter&) = delete;

  ~FileBlobWriter() override {
    // Freeing the blocks of a large file takes a while, and this may be an event loop's thread.
    pool_.post([directory = std::move(directory_), temporary = std::move(temporary_)]() mutable {
      directory->discard(temporary);
    });
  }

  [[nodiscard]] Task<Result<void>> write(std::string chunk) override {
    if (failed_) co_return fail(*failed_);
    // One buffer for the whole blob: buffers of many sizes would fragment the memory.
    if (gathered_.capacity() < kWriteGatherBytes) gathered_.reserve(kWriteGatherBytes);
    gathered_ += chunk;
    const bool has_room_for_another = gathered_.size() + chunk.size() <= kWriteGatherBytes;
    if (has_room_for_another) co_return Result<void>{};
    auto work = [this] { return write_gathered(); };
    Result<void> written = co_await offload(pool_, work);
    co_return written;
  }

  // A file has no place for the facts: the row in the call store keeps them. A write to the disk cannot be stopped.
  [[nodiscard]] Task<Result<void>> publish(BlobFacts, std::stop_token) override {
    auto work = [this] { return publish_now(); };
    Result<void> published = co_await offload(pool_, work);
    co_return published;
  }

 private:
  // An error ends the blob: bytes behind a hole must never be published.
  Result<void> remember(Result<void> result) {
    if (!result) failed_ = result.error();
    return result;
  }

  Result<void> write_gathered() {
    Result<void> written = remember(directory_->write(temporary_.file, gathered_));
    gathered_.clear();
    return written;
  }

  Result<void> publish_now() {
    if (failed_) return fail(*failed_);
    if (published_) return fail(Errc::kInternal, "published twice");
    if (Result<void> written = write_gathered(); !written) return written;
    published_ = true;
    return remember(directory_->publish(temporary_, key_));
  }

  OffloadPool& pool_;
  std::shared_ptr<BlobDirectory> directory_;
  std::string key_;
  TemporaryFile temporary_;
  std::string gathered_;
  std::optional<Error> failed_;
  bool published_ = false;
};

Result<std::shared_ptr<Blob>> open_now(OffloadPool& pool, const BlobDirectory& directory, const std::string& key) {
  Result<FileDescriptor> file = directory.open(key);
  if (!file) return fail(file.error());
  struct stat status{};
  if (::fstat(file->get(), &status) != 0) return fail(Errc::kIo, "cannot look at the file");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  // Advice only: a failure shows when the file is read.
  (void)::posix_fadvise(file->get(), 0, static_cast<off_t>(std::min<std::uint64_t>(size, kReadAheadBytes)),
                        POSIX_FADV_WILLNEED);
  return std::make_shared<FileBlob>(pool, std::move(*file), size);
}

Result<std::unique_ptr<BlobWriter>> create_now(OffloadPool& pool, const std::shared_ptr<BlobDirectory>& directory,
                                               const std::string& key) {
  if (Result<void> prepared = directory->prepare(key); !prepared) return fail(prepared.error());
  Result<TemporaryFile> temporary = directory->create_temporary();
  if (!temporary) return fail(temporary.error());
  return std::make_unique<FileBlobWriter>(pool, directory, key, std::move(*temporary));
}

}  // namespace

FilesystemBlobStore::FilesystemBlobStore(OffloadPool& pool, const std::string& root, FileSystemCalls calls)
    : pool_(pool), directory_(std::make_shared<BlobDirectory>(root, std::move(calls))) {}

Task<Result<std::unique_ptr<BlobWriter>>> FilesystemBlobStore::create(std::string key) {
  auto work = [this, &key] { return create_now(pool_, directory_, key); };
  Result<std::unique_ptr<BlobWriter>> writer = co_await offload(pool_, work);
  co_return writer;
}

Task<Result<std::shared_ptr<Blob>>> FilesystemBlobStore::open(std::string key) {
  auto work = [this, &key] { return open_now(pool_, *directory_, key); };
  Result<std::shared_ptr<Blob>> blob = co_await offload(pool_, work);
  co_return blob;
}

Task<Result<void>> FilesystemBlobStore::remove(std::string key) {
  auto work = [this, &key] { return directory_->remove(key); };
  Result<void> removed = co_await offload(pool_, work);
  co_return removed;
}

Task<Result<std::optional<std::uint64_t>>> FilesystemBlobStore::size_of(std::string key) {
  auto work = [this, &key] { return directory_->size_of(key); };
  Result<std::optional<std::uint64_t>> size = co_await offload(pool_, work);
  co_return size;
}

Task<Result<std::vector<BlobEntry>>> FilesystemBlobStore::list(std::string after, int limit) {
  auto work = [this, &after, limit] { return walk_blobs(directory_->root(), after, limit); };
  Result<std::vector<BlobEntry>> entries = co_await offload(pool_, work);
  co_return entries;
}

Task<Result<int>> FilesystemBlobStore::collect_leftovers() {
  auto work = [this] { return directory_->collect_leftovers(); };
  Result<int> collected = co_await offload(pool_, work);
  co_return collected;
}

Task<Result<void>> FilesystemBlobStore::ping() {
  auto work = [this] { return directory_->probe(); };
  Result<void> answer = co_await offload(pool_, work);
  co_return answer;
}

}  // namespace tapedeck
