#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include "blobs/s3/blob_store.hpp"
#include "curl/client.hpp"
#include "runtime/offload.hpp"
#include "runtime/run_task.hpp"
#include "tests/contract/blob_store_fixture.hpp"
#include "tests/fakes/child_process.hpp"
#include "tests/fakes/scripted_server.hpp"
#include "tests/fakes/seeded_random.hpp"

namespace tapedeck {

/// A clock on which every wait is over at once, and which remembers how long it would have been.
class LeapingClock final : public Clock {
 public:
  [[nodiscard]] SystemTime system_now() const override {
    return parse_rfc3339("2026-11-23T12:00:00Z").value() + std::chrono::floor<Milliseconds>(now_.time_since_epoch());
  }
  [[nodiscard]] SteadyTime steady_now() const override { return now_; }
  [[nodiscard]] Task<> sleep_until(SteadyTime deadline, std::stop_token) override {
    waits.push_back(std::chrono::floor<Milliseconds>(deadline - now_));
    now_ = std::max(now_, deadline);
    co_return;
  }
  void advance(Milliseconds step) { now_ += step; }

  std::vector<Milliseconds> waits;

 private:
  SteadyTime now_{};
};

inline const std::string kEtag = "\"0123456789abcdef\"";

/// "<Error>" as S3 writes it.
inline std::string error_xml(const std::string& code, const std::string& more = "") {
  return R"(<?xml version="1.0" encoding="UTF-8"?><Error><Code>)" + code + "</Code><Message>Told so.</Message>" + more +
         "<RequestId>1</RequestId></Error>";
}

inline Step refuse(const std::string& status, const std::string& code, const std::string& headers = "",
                   const std::string& more = "") {
  return respond(status, headers + "Content-Type: application/xml\r\n", error_xml(code, more));
}

/// What HEAD says of an object that holds `bytes`, as our writer left it.
inline Step head_of(const std::string& bytes) {
  return respond_head(
      "200 OK", "ETag: " + kEtag + "\r\nContent-Type: audio/mpeg\r\nx-amz-meta-sha256: " + sha256_hex(bytes) + "\r\n",
      bytes.size());
}

/// A GET's answer with the bytes from `offset` on.
inline std::string part_head(std::size_t offset, std::size_t length, std::size_t size) {
  return "HTTP/1.1 206 Partial Content\r\nETag: " + kEtag + "\r\nContent-Range: bytes " + std::to_string(offset) + "-" +
         std::to_string(offset + length - 1) + "/" + std::to_string(size) +
         "\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
}

/// A store whose answers are scripted, and the adapter that asks it.
class ScriptedStore : public testing::Test {
 protected:
  ScriptedStore() {
    options_.location = s3::parse_location("s3://recordings/calls?region=eu-west-1&endpoint=" + s3_.url(), "").value();
    options_.credentials = [this] { return Result<AwsCredentials>(credentials_); };
    options_.spool_folder = folder_.path();
    options_.limits.answer_timeout = Milliseconds{5'000};
    options_.limits.idle_timeout = Milliseconds{5'000};
  }

  S3BlobStore& store() {
    if (!store_) store_ = S3BlobStore::make({client_, clock_, random_, pool_}, options_).value();
    return *store_;
  }

  /// Runs the task to its end on the server's loop, with a look after each step.
  template <class T>
  T run(Task<T> task, const std::function<void()>& look = [] {}) {
    WatchedTask<T> watched(loop_, std::move(task));
    while (!watched.is_done()) {
      loop_.run_one();
      look();
    }
    return watched.take();
  }

  /// "ok", or the error's name.
  template <class T>
  static std::string verdict_of(const Result<T>& result) {
    return result ? "ok" : std::string(errc_name(result.error().errc()));
  }

  /// Publishes a blob; the upload is stopped as soon as the server has seen this many requests.
  Result<void> put(const std::string& bytes, std::size_t stop_after = SIZE_MAX) {
    const std::unique_ptr<BlobWriter> writer = run(store().create(contract::sample_key())).value();
    if (Result<void> written = run(writer->write(bytes)); !written) return written;
    std::stop_source stop;
    return run(writer->publish(contract::facts_of(bytes), stop.get_token()), [&] {
      if (s3_.requests().size() >= stop_after) stop.request_stop();
    });
  }

  /// Opens and reads a part; the bytes, and an error's name where it ends with one.
  std::string read(std::uint64_t offset, std::uint64_t length) {
    const Result<std::shared_ptr<Blob>> blob = run(store().open(contract::sample_key()));
    if (!blob) return std::string(errc_name(blob.error().errc()));
    const std::unique_ptr<BlobReader> reader = (*blob)->read_in_order(offset, length);
    std::string bytes;
    std::string piece(4'000, '\0');
    while (true) {
      const Result<std::size_t> got = run(reader->read(std::as_writable_bytes(std::span(piece.data(), piece.size()))));
      if (!got) return bytes.append(errc_name(got.error().errc()));
      if (*got == 0) return bytes;
      bytes.append(piece, 0, *got);
    }
  }

  const SeenRequest& seen(std::size_t index) { return s3_.requests().at(index); }
  /// "PUT HEAD": the methods of all requests so far.
  std::string methods() {
    std::string text;
    for (const SeenRequest& request : s3_.requests()) text.append(text.empty() ? "" : " ").append(request.method);
    return text;
  }

  boost::asio::io_context loop_{1};
  ScriptedServer s3_{loop_};
  LeapingClock clock_;
  SeededRandom random_{1};
  TemporaryFolder folder_;
  AwsCredentials credentials_{"AKIDEXAMPLE", "secret", ""};
  S3Options options_;
  OffloadPool pool_{"blobs", 1};
  CurlClient client_;
  std::unique_ptr<S3BlobStore> store_;
};

}  // namespace tapedeck
