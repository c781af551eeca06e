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
  Sigv4Fields next;  // where the next page begins; empty on the last one
};

// An upload of ours; nothing for what others keep in the same bucket.
std::optional<UnfinishedUpload> read_upload(std::string_view xml, const std::string& prefix) {
  const std::string key = xml_text(xml, "Key").value_or("");
  const Result<SystemTime> began = parse_rfc3339(xml_text(xml, "Initiated").value_or(""));
  UnfinishedUpload upload{"", xml_text(xml, "UploadId").value_or(""), {}};
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
  for (const std::string_view xml : xml_elements(answer->body, "Upload")) {
    auto upload = read_upload(xml, prefix);
    if (upload) page.uploads.push_back(std::move(*upload));
  }
  if (xml_text(answer->body, "IsTruncated") == "true") {
    page.next = {{"key-marker", xml_text(answer->body, "NextKeyMarker").value_or("")},
                 {"upload-id-marker", xml_text(answer->body, "NextUploadIdMarker").value_or("")}};
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
