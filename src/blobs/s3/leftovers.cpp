#include "blobs/s3/leftovers.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "blobs/blob_key.hpp"
#include "blobs/s3/upload.hpp"
#include "blobs/s3/xml.hpp"

namespace tapedeck::s3 {
namespace {

struct UnfinishedUpload {
  std::string key;  // without the prefix
  std::string upload_id;
  SystemTime began;
};

struct UploadPage {
  std::vector<UnfinishedUpload> uploads;
  Sigv4Fields next;  // where the next page begins; empty: this is the last one
};

// An upload of ours; nothing for other uploads to the same bucket.
std::optional<UnfinishedUpload> read_upload(const pugi::xml_node& xml, const std::string& prefix) {
  const std::string key = text_of(xml, "Key");
  const Result<SystemTime> began = parse_rfc3339(text_of(xml, "Initiated"));
  UnfinishedUpload upload{"", text_of(xml, "UploadId"), {}};
  if (!began || upload.upload_id.empty() || !key.starts_with(prefix)) return std::nullopt;
  upload.key = key.substr(prefix.size());
  upload.began = *began;
  if (!is_blob_key(upload.key)) return std::nullopt;
  return upload;
}

Task<Result<UploadPage>> list_uploads(Connection& connection, Sigv4Fields from) {
  const std::string prefix = connection.location().prefix;
  Call call;
  call.query = std::move(from);
  call.query.emplace_back("uploads", "");
  call.query.emplace_back("max-uploads", fmt::format("{}", kUploadsOnPage));
  if (!prefix.empty()) call.query.emplace_back("prefix", prefix);
  call.accepted_status = kNotImplemented;
  Result<Exchange> answer = co_await connection.exchange(std::move(call));
  if (!answer) co_return fail(answer.error());
  UploadPage page;
  if (answer->head.status == kNotImplemented) co_return page;
  const pugi::xml_document document = parse_xml(answer->body);
  for (const pugi::xml_node& xml : elements_of(document, "Upload")) {
    auto upload = read_upload(xml, prefix);
    if (upload) page.uploads.push_back(std::move(*upload));
  }
  if (text_of(document, "IsTruncated") == "true") {
    page.next = {{"key-marker", text_of(document, "NextKeyMarker")},
                 {"upload-id-marker", text_of(document, "NextUploadIdMarker")}};
  }
  co_return page;
}

}  // namespace

Task<Result<int>> abort_leftovers(Connection& connection, Milliseconds age) {
  const SystemTime newest = connection.now() - age;
  int aborted = 0;
  Sigv4Fields from;
  for (int pages = 0; pages < kUploadPagesMax; ++pages) {
    Result<UploadPage> page = co_await list_uploads(connection, from);
    if (!page) co_return fail(page.error());
    for (const UnfinishedUpload& upload : page->uploads) {
      if (upload.began > newest) continue;
      Result<void> done = co_await abort_upload(connection, upload.key, upload.upload_id);
      if (!done) co_return fail(done.error());
      ++aborted;
    }
    if (page->next.empty()) break;
    from = std::move(page->next);
  }
  co_return aborted;
}

}  // namespace tapedeck::s3
