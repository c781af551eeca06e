#pragma once

#include <cstring>
#include <map>
#include <memory>
#include <string>

#include "blobs/blob_store.hpp"
#include "runtime/clock.hpp"

namespace tapedeck {

/// Blobs in memory. One thread only.
class MemoryBlobStore final : public BlobStore {
 public:
  /// What the next writes fail with, while it is set.
  std::optional<Error> failing;
  /// When every blob was written, as list() tells it.
  SystemTime written_at;
  /// Publishing takes this long by this clock, unless it is stopped.
  Clock* clock = nullptr;
  Milliseconds publish_takes{0};

  [[nodiscard]] Task<Result<std::unique_ptr<BlobWriter>>> create(std::string key) override {
    if (failing) co_return fail(*failing);
    co_return std::make_unique<Writer>(*this, std::move(key));
  }
  [[nodiscard]] Task<Result<std::shared_ptr<Blob>>> open(std::string key) override {
    const auto found = blobs_.find(key);
    if (found == blobs_.end()) co_return fail(Errc::kNotFound, "no such blob");
    co_return std::make_shared<Reader>(found->second);
  }
  [[nodiscard]] Task<Result<void>> remove(std::string key) override {
    blobs_.erase(key);
    co_return Result<void>();
  }
  [[nodiscard]] Task<Result<std::optional<std::uint64_t>>> size_of(std::string key) override {
    if (failing) co_return fail(*failing);
    const auto found = blobs_.find(key);
    if (found == blobs_.end()) co_return std::nullopt;
    co_return found->second.size();
  }
  [[nodiscard]] Task<Result<std::vector<BlobEntry>>> list(std::string after, int limit) override {
    if (failing) co_return fail(*failing);
    std::vector<BlobEntry> entries;
    for (auto next = blobs_.upper_bound(after); next != blobs_.end() && std::ssize(entries) < limit; ++next) {
      entries.push_back({next->first, next->second.size(), written_at});
    }
    co_return entries;
  }
  [[nodiscard]] Task<Result<int>> collect_leftovers() override { co_return 0; }
  [[nodiscard]] Task<Result<void>> ping() override { co_return Result<void>(); }

  [[nodiscard]] const std::map<std::string, std::string>& blobs() const { return blobs_; }
  void put(const std::string& key, std::string bytes) { blobs_[key] = std::move(bytes); }

 private:
  class Writer final : public BlobWriter {
   public:
    Writer(MemoryBlobStore& store, std::string key) : store_(store), key_(std::move(key)) {}
    [[nodiscard]] Task<Result<void>> write(std::string chunk) override {
      if (store_.failing) co_return fail(*store_.failing);
      bytes_ += chunk;
      co_return Result<void>();
    }
    [[nodiscard]] Task<Result<void>> publish(BlobFacts, std::stop_token stop) override {
      if (store_.failing) co_return fail(*store_.failing);
      if (store_.clock != nullptr) co_await store_.clock->sleep_for(store_.publish_takes, stop);
      if (stop.stop_requested()) co_return fail(Errc::kCancelled, "stopped");
      store_.blobs_[key_] = bytes_;
      co_return Result<void>();
    }

   private:
    MemoryBlobStore& store_;
    std::string key_;
    std::string bytes_;
  };

  class Reader final : public Blob {
   public:
    explicit Reader(std::string bytes) : bytes_(std::move(bytes)) {}
    [[nodiscard]] std::uint64_t size() const noexcept override { return bytes_.size(); }
    [[nodiscard]] int file_descriptor() const noexcept override { return -1; }
    [[nodiscard]] Task<Result<std::size_t>> read(std::uint64_t offset, std::span<std::byte> out) override {
      const std::size_t from = std::min<std::size_t>(offset, bytes_.size());
      const std::size_t count = std::min(out.size(), bytes_.size() - from);
      std::memcpy(out.data(), bytes_.data() + from, count);
      co_return count;
    }

   private:
    std::string bytes_;
  };

  std::map<std::string, std::string> blobs_;
};

}  // namespace tapedeck
