#include "blobs/s3/upload.hpp"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "blobs/s3/xml.hpp"

namespace tapedeck::s3 {
namespace {

constexpr const char* kHashName = "x-amz-meta-sha256";
constexpr std::uint64_t kMebibyte = 1024 * 1024;
constexpr int kNotFoundStatus = 404;

// One upload under way, which outlives the calls below.
struct Upload {
  Connection& connection;
  Spool& spool;
  std::string key;
  BlobFacts facts;
  std::stop_token stop;
};

Call call_of(const Upload& upload, CurlMethod method) {
  Call call;
  call.method = method;
  call.key = upload.key;
  call.stop = upload.stop;
  return call;
}

Sigv4Fields describing_headers(const BlobFacts& facts) {
  Sigv4Fields headers{{kHashName, facts.sha256_hex}};
  if (!facts.content_type.empty()) headers.emplace_back("Content-Type", facts.content_type);
  return headers;
}

Task<Result<void>> put_whole(const Upload& upload) {
  Call call = call_of(upload, CurlMethod::kPut);
  call.headers = describing_headers(upload.facts);
  call.only_if_absent = true;
  // With the hash in its signature the store refuses bytes that were changed on the way.
  call.part = SpoolPart{&upload.spool, 0, upload.spool.size(), upload.facts.sha256_hex};
  Result<Exchange> done = co_await upload.connection.exchange(std::move(call));
  if (!done) co_return fail(done.error());
  co_return Result<void>{};
}

Task<Result<std::string>> begin_parts(const Upload& upload) {
  Call call = call_of(upload, CurlMethod::kPost);
  call.query = {{"uploads", ""}};
  call.headers = describing_headers(upload.facts);
  call.expected_element = "UploadId";
  Result<Exchange> begun = co_await upload.connection.exchange(std::move(call));
  if (!begun) co_return fail(begun.error());
  co_return text_of(parse_xml(begun->body), "UploadId");
}

// Returns the part's ETag.
Task<Result<std::string>> put_part(const Upload& upload, SpoolPart part, std::string upload_id, int number) {
  Result<std::string> hash = co_await part.spool->hash(part.offset, part.length);
  if (!hash) co_return hash;
  part.sha256_hex = std::move(*hash);
  Call call = call_of(upload, CurlMethod::kPut);
  call.query = {{"partNumber", fmt::format("{}", number)}, {"uploadId", std::move(upload_id)}};
  call.part = std::move(part);
  Result<Exchange> done = co_await upload.connection.exchange(std::move(call));
  if (!done) co_return fail(done.error());
  const auto etag = done->head.find("etag");
  if (!etag) co_return fail(Errc::kUnavailable, "the store gave no ETag for a part");
  co_return std::string(*etag);
}

Task<Result<std::vector<std::string>>> put_parts(const Upload& upload, std::string upload_id,
                                                 std::uint64_t part_bytes) {
  std::vector<std::string> etags;
  for (std::uint64_t offset = 0; offset < upload.spool.size(); offset += part_bytes) {
    const SpoolPart part{&upload.spool, offset, std::min(part_bytes, upload.spool.size() - offset), ""};
    const int number = static_cast<int>(etags.size()) + 1;
    Result<std::string> etag = co_await put_part(upload, part, upload_id, number);
    if (!etag) co_return fail(etag.error());
    etags.push_back(std::move(*etag));
  }
  co_return etags;
}

std::string complete_xml(const std::vector<std::string>& etags) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("CompleteMultipartUpload");
  root.append_attribute("xmlns") = "http://s3.amazonaws.com/doc/2006-03-01/";
  for (std::size_t i = 0; i < etags.size(); ++i) {
    pugi::xml_node part = root.append_child("Part");
    part.append_child("PartNumber").text() = i + 1;
    part.append_child("ETag").text() = etags[i].c_str();
  }
  std::ostringstream text;
  document.save(text, "", pugi::format_raw | pugi::format_no_declaration);
  return std::move(text).str();
}

Task<Result<void>> complete_parts(const Upload& upload, std::string upload_id, std::vector<std::string> etags) {
  Call call = call_of(upload, CurlMethod::kPost);
  call.query = {{"uploadId", std::move(upload_id)}};
  call.headers = {{"Content-Type", "application/xml"}};
  call.only_if_absent = true;
  call.body = complete_xml(etags);
  call.expected_element = "CompleteMultipartUploadResult";
  Result<Exchange> done = co_await upload.connection.exchange(std::move(call));
  if (!done) co_return fail(done.error());
  co_return Result<void>{};
}

Task<Result<void>> put_in_parts(const Upload& upload, std::uint64_t part_bytes) {
  Result<std::string> upload_id = co_await begin_parts(upload);
  if (!upload_id) co_return fail(upload_id.error());
  Result<std::vector<std::string>> etags = co_await put_parts(upload, *upload_id, part_bytes);
  Result<void> done = etags ? Result<void>{} : fail(etags.error());
  if (etags) {
    Result<void> completed = co_await complete_parts(upload, *upload_id, std::move(*etags));
    done = std::move(completed);
  }
  if (!done && !upload.stop.stop_requested()) {
    // If this fails, or was not done for want of time, abort_leftovers() does it later.
    Result<void> aborted = co_await abort_upload(upload.connection, upload.key, *upload_id);
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

// Publishing looks nothing up, so a missing object is a fault of the store, which may pass.
Error not_absent(Error error) {
  if (is_not_found(error)) error.code = Errc::kUnavailable;
  return error;
}

Task<Result<void>> remove_any(Connection& connection, std::string key, Sigv4Fields query) {
  Call call;
  call.method = CurlMethod::kDelete;
  call.key = std::move(key);
  call.query = std::move(query);
  call.accepted_status = kNotFoundStatus;
  Result<Exchange> done = co_await connection.exchange(std::move(call));
  if (!done) co_return fail(done.error());
  co_return Result<void>{};
}

}  // namespace

Task<Result<ObjectHead>> head_object(Connection& connection, std::string key, std::stop_token stop) {
  Call call;
  call.method = CurlMethod::kHead;
  call.key = std::move(key);
  call.stop = std::move(stop);
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

Task<Result<void>> upload(Connection& connection, Spool& spool, std::string key, BlobFacts facts, UploadSizes sizes,
                          std::stop_token stop) {
  const Upload upload{connection, spool, std::move(key), std::move(facts), std::move(stop)};
  Result<void> put;
  if (spool.size() <= sizes.single_put_max) {
    Result<void> done = co_await put_whole(upload);
    put = std::move(done);
  } else {
    const std::uint64_t part_bytes = part_bytes_for(spool.size(), sizes.part_bytes);
    Result<void> done = co_await put_in_parts(upload, part_bytes);
    put = std::move(done);
  }
  Result<ObjectHead> object = co_await head_object(connection, upload.key, upload.stop);
  if (object && is_as_written(*object, spool, upload.facts)) co_return Result<void>{};
  if (!put) co_return fail(not_absent(put.error()));
  if (!object) co_return fail(not_absent(object.error()));
  // The store accepted the upload and has other bytes. Nobody else writes under our fence, so they may be removed.
  Result<void> removed = co_await remove_object(connection, upload.key);
  (void)removed;
  co_return fail(Errc::kUnavailable, fmt::format("{} {} after the upload", location_text(connection.location()),
                                                 difference_of(*object, spool)));
}

Task<Result<void>> remove_object(Connection& connection, std::string key) {
  Result<void> done = co_await remove_any(connection, std::move(key), Sigv4Fields());
  co_return done;
}

Task<Result<void>> abort_upload(Connection& connection, std::string key, std::string upload_id) {
  Sigv4Fields query{{"uploadId", std::move(upload_id)}};
  Result<void> done = co_await remove_any(connection, std::move(key), std::move(query));
  co_return done;
}

}  // namespace tapedeck::s3
