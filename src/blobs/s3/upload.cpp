#include "blobs/s3/upload.hpp"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "blobs/s3/xml.hpp"

namespace tapedeck::s3 {
namespace {

constexpr const char* kHashName = "x-amz-meta-sha256";
constexpr std::uint64_t kMebibyte = 1024 * 1024;
constexpr int kNotFoundStatus = 404;

Sigv4Fields describing_headers(const BlobFacts& facts) {
  Sigv4Fields headers{{kHashName, facts.sha256_hex}};
  if (!facts.content_type.empty()) headers.emplace_back("Content-Type", facts.content_type);
  return headers;
}

Task<Result<void>> put_whole(Connection& connection, Spool& spool, std::string key, BlobFacts facts) {
  Call call;
  call.method = CurlMethod::kPut;
  call.key = std::move(key);
  call.headers = describing_headers(facts);
  call.only_if_absent = true;
  // With the hash in its signature the store refuses bytes that were changed on the way.
  call.part = SpoolPart{&spool, 0, spool.size(), facts.sha256_hex};
  Result<Exchange> done = co_await connection.exchange(std::move(call));
  if (!done) co_return fail(done.error());
  co_return Result<void>{};
}

Task<Result<std::string>> begin_parts(Connection& connection, std::string key, BlobFacts facts) {
  Call call;
  call.method = CurlMethod::kPost;
  call.key = std::move(key);
  call.query = {{"uploads", ""}};
  call.headers = describing_headers(facts);
  call.expected_element = "UploadId";
  Result<Exchange> begun = co_await connection.exchange(std::move(call));
  if (!begun) co_return fail(begun.error());
  co_return xml_text(begun->body, "UploadId").value_or("");
}

// The part's ETag.
Task<Result<std::string>> put_part(Connection& connection, SpoolPart part, std::string key, std::string upload_id,
                                   int number) {
  Result<std::string> hash = co_await part.spool->hash(part.offset, part.length);
  if (!hash) co_return hash;
  part.sha256_hex = std::move(*hash);
  Call call;
  call.method = CurlMethod::kPut;
  call.key = std::move(key);
  call.query = {{"partNumber", fmt::format("{}", number)}, {"uploadId", std::move(upload_id)}};
  call.part = std::move(part);
  Result<Exchange> done = co_await connection.exchange(std::move(call));
  if (!done) co_return fail(done.error());
  const auto etag = done->head.find("etag");
  if (!etag) co_return fail(Errc::kUnavailable, "the store gave no ETag for a part");
  co_return std::string(*etag);
}

Task<Result<std::vector<std::string>>> put_parts(Connection& connection, Spool& spool, std::string key,
                                                 std::string upload_id, std::uint64_t part_bytes) {
  std::vector<std::string> etags;
  for (std::uint64_t offset = 0; offset < spool.size(); offset += part_bytes) {
    const SpoolPart part{&spool, offset, std::min(part_bytes, spool.size() - offset), ""};
    const int number = static_cast<int>(etags.size()) + 1;
    Result<std::string> etag = co_await put_part(connection, part, key, upload_id, number);
    if (!etag) co_return fail(etag.error());
    etags.push_back(std::move(*etag));
  }
  co_return etags;
}

Task<Result<void>> complete_parts(Connection& connection, std::string key, std::string upload_id,
                                  std::vector<std::string> etags) {
  std::string list;
  for (std::size_t i = 0; i < etags.size(); ++i) {
    list += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", i + 1, xml_escape(etags[i]));
  }
  Call call;
  call.method = CurlMethod::kPost;
  call.key = std::move(key);
  call.query = {{"uploadId", std::move(upload_id)}};
  call.headers = {{"Content-Type", "application/xml"}};
  call.only_if_absent = true;
  call.body = fmt::format(
      R"(<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{}</CompleteMultipartUpload>)", list);
  call.expected_element = "CompleteMultipartUploadResult";
  Result<Exchange> done = co_await connection.exchange(std::move(call));
  if (!done) co_return fail(done.error());
  co_return Result<void>{};
}

Task<Result<void>> put_in_parts(Connection& connection, Spool& spool, std::string key, BlobFacts facts,
                                std::uint64_t part_bytes) {
  Result<std::string> upload_id = co_await begin_parts(connection, key, facts);
  if (!upload_id) co_return fail(upload_id.error());
  Result<std::vector<std::string>> etags = co_await put_parts(connection, spool, key, *upload_id, part_bytes);
  Result<void> done = etags ? Result<void>{} : fail(etags.error());
  if (etags) {
    Result<void> completed = co_await complete_parts(connection, key, *upload_id, std::move(*etags));
    done = std::move(completed);
  }
  if (!done) {
    // What this misses, collect_leftovers() finds later.
    Result<void> aborted = co_await abort_upload(connection, key, *upload_id);
    (void)aborted;
  }
  co_return done;
}

bool is_as_written(const ObjectHead& object, const Spool& spool, const BlobFacts& facts) {
  return object.size == spool.size() && object.sha256_hex == facts.sha256_hex;
}

std::string difference_of(const ObjectHead& object, const Spool& spool) {
  if (object.size != spool.size()) return fmt::format("has {} bytes of {}", object.size, spool.size());
  return object.sha256_hex.empty() ? "did not keep the SHA-256" : "has another SHA-256";
}

// Whoever publishes looks for nothing: what is not found is a fault of the store, which may pass.
Error not_absent(Error error) {
  if (is_not_found(error)) error.code = Errc::kUnavailable;
  return error;
}

}  // namespace

Task<Result<ObjectHead>> head_object(Connection& connection, std::string key) {
  Call call;
  call.method = CurlMethod::kHead;
  call.key = std::move(key);
  Result<Exchange> answer = co_await connection.exchange(std::move(call));
  if (!answer) co_return fail(answer.error());
  const CurlHead& head = answer->head;
  const std::string_view length = head.find("content-length").value_or("");
  ObjectHead object;
  const auto [end, failure] = std::from_chars(length.data(), length.data() + length.size(), object.size);
  if (failure != std::errc{} || end != length.data() + length.size()) {
    co_return fail(Errc::kUnavailable, "the store does not say how long an object is");
  }
  object.etag = head.find("etag").value_or("");
  object.sha256_hex = head.find(kHashName).value_or("");
  object.content_type = head.find("content-type").value_or("");
  co_return object;
}

std::uint64_t part_bytes_for(std::uint64_t size, std::uint64_t part_bytes) {
  const std::uint64_t least = (size + kPartsMax - 1) / kPartsMax;
  if (least <= part_bytes) return part_bytes;
  return (least + kMebibyte - 1) / kMebibyte * kMebibyte;
}

Task<Result<void>> upload(Connection& connection, Spool& spool, std::string key, BlobFacts facts, UploadSizes sizes) {
  Result<void> put;
  if (spool.size() <= sizes.single_put_max) {
    Result<void> done = co_await put_whole(connection, spool, key, facts);
    put = std::move(done);
  } else {
    const std::uint64_t part_bytes = part_bytes_for(spool.size(), sizes.part_bytes);
    Result<void> done = co_await put_in_parts(connection, spool, key, facts, part_bytes);
    put = std::move(done);
  }
  Result<ObjectHead> object = co_await head_object(connection, key);
  if (object && is_as_written(*object, spool, facts)) co_return Result<void>{};
  if (!put) co_return fail(not_absent(put.error()));
  if (!object) co_return fail(not_absent(object.error()));
  // The store took it and has something else. The key holds our fence: nobody else's bytes are there.
  Result<void> removed = co_await remove_object(connection, key);
  (void)removed;
  co_return fail(Errc::kUnavailable, fmt::format("{} {} after the upload", location_text(connection.location()),
                                                 difference_of(*object, spool)));
}

Task<Result<void>> remove_object(Connection& connection, std::string key) {
  Call call;
  call.method = CurlMethod::kDelete;
  call.key = std::move(key);
  call.accepted_status = kNotFoundStatus;
  Result<Exchange> done = co_await connection.exchange(std::move(call));
  if (!done) co_return fail(done.error());
  co_return Result<void>{};
}

Task<Result<void>> abort_upload(Connection& connection, std::string key, std::string upload_id) {
  Call call;
  call.method = CurlMethod::kDelete;
  call.key = std::move(key);
  call.query = {{"uploadId", std::move(upload_id)}};
  call.accepted_status = kNotFoundStatus;
  Result<Exchange> done = co_await connection.exchange(std::move(call));
  if (!done) co_return fail(done.error());
  co_return Result<void>{};
}

}  // namespace tapedeck::s3
