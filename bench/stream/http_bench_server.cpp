// Serves one file through the HTTP engine. It checks a bearer key as the real server checks a cached one: SHA-256, then
// a look-up. For the comparison of speed and of ranges with nginx.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/encoding.hpp"
#include "http/api/media_response.hpp"
#include "http/server/request_head.hpp"
#include "http/server/server.hpp"
#include "runtime/offload.hpp"

namespace tapedeck::bench {
namespace {

constexpr std::string_view kBearer = "Bearer ";

class FileBlob final : public Blob {
 public:
  FileBlob(OffloadPool& pool, const std::string& path, bool as_chunks)
      : pool_(pool), file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), as_chunks_(as_chunks) {
    if (file_ < 0 || ::fstat(file_, &status_) != 0) throw std::system_error(errno, std::generic_category(), path);
  }
  FileBlob(const FileBlob&) = delete;
  FileBlob& operator=(const FileBlob&) = delete;
  ~FileBlob() override { ::close(file_); }

  [[nodiscard]] std::uint64_t size() const noexcept override { return static_cast<std::uint64_t>(status_.st_size); }
  [[nodiscard]] int file_descriptor() const noexcept override { return as_chunks_ ? -1 : file_; }
  [[nodiscard]] SystemTime modified_at() const { return SystemTime(Seconds(status_.st_mtim.tv_sec)); }

  [[nodiscard]] Task<Result<std::size_t>> read(std::uint64_t offset, std::span<std::byte> out) override {
    const auto work = [this, offset, out]() -> Result<std::size_t> {
      const ::ssize_t got = ::pread(file_, out.data(), out.size(), static_cast<::off_t>(offset));
      if (got < 0) return fail(Errc::kIo, "read failed");
      return static_cast<std::size_t>(got);
    };
    Result<std::size_t> got = co_await offload(pool_, work);
    co_return got;
  }

 private:
  OffloadPool& pool_;
  int file_;
  bool as_chunks_;
  struct ::stat status_{};
};

std::string hash_of(std::string_view key) {
  const Sha256 digest = sha256(key);
  return std::string(view_of(digest));
}

class FileHandler final : public http::Handler {
 public:
  FileHandler(std::shared_ptr<FileBlob> blob, std::string content_type, const std::string& key)
      : blob_(std::move(blob)),
        content_type_(std::move(content_type)),
        etag_(fmt::format("\"{:x}-{:x}\"", blob_->size(), blob_->modified_at().time_since_epoch().count())),
        last_modified_(format_http_date(blob_->modified_at())),
        needs_key_(!key.empty()) {
    if (needs_key_) keys_.emplace(hash_of(key), 1);
  }

  [[nodiscard]] std::optional<http::Response> try_handle(const http::Request& request) override {
    if (needs_key_ && !is_allowed(request)) {
      return http::refusal_response({401, "A bearer key is expected."});
    }
    http::MediaInfo media{.blob = blob_,
                          .size = blob_->size(),
                          .content_type = content_type_,
                          .etag = etag_,
                          .last_modified = last_modified_,
                          .modified_at = blob_->modified_at(),
                          .file_name = std::nullopt};
    return http::media_response(request, media);
  }
  [[nodiscard]] Task<http::Response> handle(const http::Request&) override { co_return http::Response(); }
  [[nodiscard]] http::Response answer_failure(const http::Request&, const Error& error) override {
    return http::refusal_response({503, error.detail});
  }

 private:
  // As in the real server, all loops share the cache that holds the hash of the key.
  bool is_allowed(const http::Request& request) {
    const std::string_view credentials = request.header(boost::beast::http::field::authorization);
    if (!credentials.starts_with(kBearer)) return false;
    const std::string hash = hash_of(credentials.substr(kBearer.size()));
    const std::scoped_lock lock(mutex_);
    return keys_.contains(hash);
  }

  std::shared_ptr<FileBlob> blob_;
  std::string content_type_;
  std::string etag_;
  std::string last_modified_;
  bool needs_key_;
  std::mutex mutex_;
  std::unordered_map<std::string, int> keys_;
};

int run(const std::string& path, const std::string& content_type, const std::string& key, bool as_chunks,
        http::ServerOptions options) {
  ::sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGINT);
  ::sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // inherited by the threads; taken by sigwait() below

  OffloadPool pool("bench-read", 2);
  FileHandler handler(std::make_shared<FileBlob>(pool, path, as_chunks), content_type, key);
  http::Server server(std::move(options), handler);
  if (const auto started = server.start(); !started) {
    fmt::print(stderr, "{}\n", started.error().detail);
    return 1;
  }
  fmt::print("listening on port {}\n", server.port());
  std::fflush(stdout);
  int signal = 0;
  ::sigwait(&signals, &signal);
  server.stop();
  return 0;
}

}  // namespace
}  // namespace tapedeck::bench

int main(int argc, char** argv) {
  CLI::App app("Serves one file through Tapedeck's HTTP engine, to measure it.");
  std::string path;
  std::string content_type = "audio/mpeg";
  std::string key;
  bool as_chunks = false;
  tapedeck::http::ServerOptions options;
  options.loops = 2;
  app.add_option("file", path, "The file to serve under every path")->required();
  app.add_option("--port", options.port, "0: the system chooses, and it is printed");
  app.add_option("--loops", options.loops, "Event loops");
  app.add_option("--key", key, "Bearer key to ask for; empty: none");
  app.add_option("--type", content_type, "Content-Type");
  app.add_flag("--chunks", as_chunks, "Read the file in pieces instead of sendfile");
  CLI11_PARSE(app, argc, argv);
  return tapedeck::bench::run(path, content_type, key, as_chunks, std::move(options));
}
