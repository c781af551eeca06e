#include "http/api/media_response.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace tapedeck::http {
namespace {

using boost::beast::http::field;

constexpr std::uint64_t kSize = 1'000;

// Answers a request with these headers for an MP3 of kSize bytes.
class MediaResponse : public ::testing::Test {
 protected:
  Response answer(boost::beast::http::verb method = boost::beast::http::verb::get) {
    Request request;
    request.method = method;
    request.fields = &fields_;
    return media_response(request, media_);
  }
  static std::string header(const Response& response, std::string_view name) {
    for (const auto& [given, value] : response.headers) {
      if (given == name) return value;
    }
    return "(none)";
  }

  boost::beast::http::fields fields_;
  std::string last_modified_ = "Mon, 23 Nov 2026 12:00:00 GMT";
  MediaInfo media_{.blob = nullptr,  // the answer only refers to it
                   .size = kSize,
                   .content_type = "audio/mpeg",
                   .etag = "\"e1\"",
                   .last_modified = last_modified_,
                   .modified_at = *parse_rfc2822(last_modified_),
                   .file_name = std::nullopt};
};

TEST_F(MediaResponse, the_whole_has_every_header_that_a_player_needs) {
  const Response response = answer();
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(header(response, "Content-Type"), "audio/mpeg");
  EXPECT_EQ(header(response, "Accept-Ranges"), "bytes");
  EXPECT_EQ(header(response, "ETag"), "\"e1\"");
  EXPECT_EQ(header(response, "Last-Modified"), last_modified_);
  EXPECT_EQ(header(response, "Content-Range"), "(none)");
  EXPECT_EQ(std::get<BlobBody>(response.body).length, kSize);
}

TEST_F(MediaResponse, a_probe_gets_exactly_its_two_bytes) {
  fields_.set(field::range, "bytes=0-1");
  const Response response = answer();
  EXPECT_EQ(response.status, 206U);
  EXPECT_EQ(header(response, "Content-Range"), "bytes 0-1/1000");
  EXPECT_EQ(std::get<BlobBody>(response.body).length, 2U);
}

TEST_F(MediaResponse, a_suffix_begins_at_its_offset) {
  fields_.set(field::range, "bytes=-10");
  const Response response = answer();
  EXPECT_EQ(header(response, "Content-Range"), "bytes 990-999/1000");
  EXPECT_EQ(std::get<BlobBody>(response.body).offset, 990U);
}

TEST_F(MediaResponse, an_unsatisfiable_range_gets_the_size) {
  fields_.set(field::range, "bytes=1000-");
  const Response response = answer();
  EXPECT_EQ(response.status, 416U);
  EXPECT_EQ(header(response, "Content-Range"), "bytes */1000");
  EXPECT_EQ(header(response, "Content-Type"), "application/problem+json");
}

TEST_F(MediaResponse, a_range_in_a_head_request_is_ignored) {
  fields_.set(field::range, "bytes=0-1");
  EXPECT_EQ(answer(boost::beast::http::verb::head).status, 200U);
}

TEST_F(MediaResponse, if_range_of_another_version_gets_the_whole) {
  fields_.set(field::range, "bytes=0-1");
  fields_.set(field::if_range, "\"e2\"");
  EXPECT_EQ(answer().status, 200U);
  fields_.set(field::if_range, "\"e1\"");
  EXPECT_EQ(answer().status, 206U);
}

TEST_F(MediaResponse, a_range_that_if_range_voids_is_not_refused) {
  fields_.set(field::range, "bytes=5000-");
  fields_.set(field::if_range, "\"e2\"");
  EXPECT_EQ(answer().status, 200U);
}

TEST_F(MediaResponse, a_current_copy_gets_304_with_the_validators_and_without_a_body) {
  fields_.set(field::if_none_match, "\"e1\"");
  fields_.set(field::range, "bytes=0-1");
  const Response response = answer();
  EXPECT_EQ(response.status, 304U);
  EXPECT_EQ(header(response, "ETag"), "\"e1\"");
  EXPECT_EQ(header(response, "Cache-Control"), kMediaCacheControl);
  EXPECT_EQ(header(response, "Content-Type"), "(none)");
}

TEST_F(MediaResponse, if_match_of_another_version_gets_412) {
  fields_.set(field::if_match, "\"e2\"");
  EXPECT_EQ(answer().status, 412U);
}

TEST_F(MediaResponse, a_list_may_be_sent_in_several_lines) {
  fields_.insert(field::if_none_match, "\"e0\"");
  fields_.insert(field::if_none_match, "\"e1\"");
  EXPECT_EQ(answer().status, 304U);
}

TEST_F(MediaResponse, a_download_has_a_name) {
  media_.file_name = "call 2026-11-23.mp3";
  EXPECT_EQ(header(answer(), "Content-Disposition"), "attachment; filename=\"call 2026-11-23.mp3\"");
}

TEST(AttachmentDisposition, names_beyond_ascii_are_given_in_both_forms) {
  EXPECT_EQ(attachment_disposition("Zoë 1.mp3"),
            "attachment; filename=\"Zo__ 1.mp3\"; filename*=UTF-8''Zo%C3%AB%201.mp3");
}

TEST(AttachmentDisposition, no_name_leaves_its_quotes_or_folder) {
  EXPECT_EQ(attachment_disposition("a\"; filename=\"evil.exe"), "attachment; filename=\"a_; filename=_evil.exe\"");
  EXPECT_EQ(attachment_disposition("../../etc/passwd\r\nX: y"), "attachment; filename=\".._.._etc_passwd__X: y\"");
}

}  // namespace
}  // namespace tapedeck::http
