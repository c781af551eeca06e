#include "blobs/s3/listing.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "blobs/blob_key.hpp"
#include "blobs/s3/xml.hpp"

namespace tapedeck::s3 {
namespace {

struct KeyPage {
  std::vector<BlobEntry> entries;  // blobs of ours; keys without the prefix
  std::string last;                // the last key of all, without the prefix; empty: the page is empty
  bool is_last = true;
};

// A blob of ours; nothing for other objects in the same bucket.
std::optional<BlobEntry> read_entry(const pugi::xml_node& xml, std::string key) {
  if (!parse_blob_key(key)) return std::nullopt;
  const std::string size = text_of(xml, "Size");
  const Result<SystemTime> written = parse_rfc3339(text_of(xml, "LastModified"));
  BlobEntry entry{std::move(key), 0, {}};
  const auto [end, failure] = std::from_chars(size.data(), size.data() + size.size(), entry.size);
  if (failure != std::errc{} || end != size.data() + size.size() || !written) return std::nullopt;
  entry.written_at = *written;
  return entry;
}

Task<Result<KeyPage>> list_keys(Connection& connection, std::string after, int limit) {
  const std::string prefix = connection.location().prefix;
  Call call;
  call.query = {{"list-type", "2"}, {"max-keys", fmt::format("{}", limit)}};
  if (!prefix.empty()) call.query.emplace_back("prefix", prefix);
  if (!after.empty()) call.query.emplace_back("start-after", prefix + after);
  call.expected_element = "ListBucketResult";
  Result<Exchange> answer = co_await connection.exchange(std::move(call));
  if (!answer) co_return fail(answer.error());
  KeyPage page;
  const pugi::xml_document document = parse_xml(answer->body);
  page.is_last = text_of(document, "IsTruncated") != "true";
  std::string before = std::move(after);
  for (const pugi::xml_node& xml : elements_of(document, "Contents")) {
    std::string key = text_of(xml, "Key");
    if (!key.starts_with(prefix)) co_return fail(Errc::kUnavailable, "the store lists a key outside the prefix");
    key.erase(0, prefix.size());
    // A store that ignores start-after would otherwise be listed for ever.
    if (key <= before) co_return fail(Errc::kUnavailable, "the store does not list in the order of keys");
    before = key;
    page.last = key;
    auto entry = read_entry(xml, std::move(key));
    if (entry) page.entries.push_back(std::move(*entry));
  }
  co_return page;
}

}  // namespace

Task<Result<std::vector<BlobEntry>>> list_blobs(Connection& connection, std::string after, int limit) {
  const auto most = static_cast<std::size_t>(std::clamp(limit, 1, kBlobPageMax));
  std::vector<BlobEntry> found;
  for (int requests = 0; requests < kListRequestsMax; ++requests) {
    Result<KeyPage> page = co_await list_keys(connection, after, static_cast<int>(most - found.size()));
    if (!page) co_return fail(page.error());
    std::ranges::move(page->entries, std::back_inserter(found));
    if (found.size() >= most || page->is_last || page->last.empty()) co_return found;
    after = std::move(page->last);
  }
  co_return fail(
      Errc::kTooLarge,
      "too many objects below the prefix are no recordings: give Tapedeck a prefix of its own in STORAGE_URL");
}

}  // namespace tapedeck::s3
