#include <filesystem>

#include "tests/blobs/s3/scripted_store.hpp"

// What is asked of the store when a recording is published, and when it counts as stored.

namespace tapedeck {
namespace {

using contract::facts_of;
using contract::sample_bytes;
using contract::sample_key;

const Step kPut = respond("200 OK", "ETag: " + kEtag + "\r\n", "");
const Step kBegun = respond("200 OK", "",
                            "<InitiateMultipartUploadResult><Bucket>recordings</Bucket><UploadId>up&amp;1"
                            "</UploadId></InitiateMultipartUploadResult>");
const Step kCompleted =
    respond("200 OK", "", "<CompleteMultipartUploadResult><ETag>\"x-2\"</ETag></CompleteMultipartUploadResult>");
const Step kRemoved = send("HTTP/1.1 204 No Content\r\n\r\n");
const Step kMissing = respond_head("404 Not Found", "", 0);

class S3Upload : public ScriptedStore {
 protected:
  // Parts of 300 kB from here on.
  void use_parts() { options_.sizes = {.single_put_max = 300'000, .part_bytes = 300'000}; }
  void answer(std::initializer_list<Step> answers) {
    for (const Step& one : answers) s3_.answer({one});
  }
};

TEST_F(S3Upload, puts_a_recording_with_its_hash_type_and_length_under_a_free_key) {
  answer({kPut, head_of("bytes")});
  EXPECT_EQ(verdict_of(put("bytes")), "ok");
  EXPECT_EQ(methods(), "PUT HEAD");
  EXPECT_EQ(seen(0).body, "bytes");
  EXPECT_EQ(seen(0).header("if-none-match"), "*");
  EXPECT_EQ(seen(0).header("content-type"), "audio/mpeg");
  EXPECT_EQ(seen(0).header("content-length"), "5");
  EXPECT_EQ(seen(0).header("x-amz-meta-sha256"), sha256_hex("bytes"));
  EXPECT_EQ(seen(0).header("x-amz-content-sha256"), sha256_hex("bytes"));
  EXPECT_EQ(seen(0).header("expect"), "");
  EXPECT_EQ(seen(0).header("transfer-encoding"), "");
}

TEST_F(S3Upload, asks_nothing_of_the_store_before_it_is_published) {
  const std::unique_ptr<BlobWriter> writer = run(store().create(sample_key())).value();
  EXPECT_EQ(verdict_of(run(writer->write(sample_bytes(2'000'000)))), "ok");
  EXPECT_TRUE(s3_.requests().empty());
}

TEST_F(S3Upload, keeps_a_long_recording_in_a_file_without_a_name_and_sends_it_whole) {
  const std::string bytes = sample_bytes(2'000'003);
  const std::unique_ptr<BlobWriter> writer = run(store().create(sample_key())).value();
  EXPECT_EQ(verdict_of(run(writer->write(bytes.substr(0, 1'000'000)))), "ok");
  EXPECT_EQ(verdict_of(run(writer->write(bytes.substr(1'000'000)))), "ok");
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
  answer({kPut, head_of(bytes)});
  EXPECT_EQ(verdict_of(run(writer->publish(facts_of(bytes), {}))), "ok");
  EXPECT_TRUE(seen(0).body == bytes);
}

TEST_F(S3Upload, sends_a_long_recording_again_from_its_start_when_the_first_try_was_cut) {
  const std::string bytes = sample_bytes(2'000'003);
  s3_.answer({early(), reset_connection()});
  answer({kPut, head_of(bytes)});
  EXPECT_EQ(verdict_of(put(bytes)), "ok");
  EXPECT_EQ(methods(), "PUT PUT HEAD");
  EXPECT_TRUE(seen(1).body == bytes);
}

TEST_F(S3Upload, understands_a_refusal_that_comes_before_the_body_was_sent) {
  const std::string bytes = sample_bytes(20'000'000);
  s3_.answer({early(), refuse("503 Slow Down", "SlowDown", "Connection: close\r\n"), hang()});
  answer({kPut, head_of(bytes)});
  EXPECT_EQ(verdict_of(put(bytes)), "ok");
  EXPECT_TRUE(seen(1).body == bytes);
}

TEST_F(S3Upload, fails_if_the_disk_has_no_room_for_a_long_recording) {
  options_.spool_folder = "/dev/null/nowhere";
  EXPECT_NE(verdict_of(put(sample_bytes(2'000'000))), "ok");
  EXPECT_TRUE(s3_.requests().empty());
}

TEST_F(S3Upload, is_done_when_the_key_is_taken_by_the_same_bytes) {
  answer({refuse("412 Precondition Failed", "PreconditionFailed"), head_of("bytes")});
  EXPECT_EQ(verdict_of(put("bytes")), "ok");
  EXPECT_EQ(methods(), "PUT HEAD");
}

TEST_F(S3Upload, is_a_conflict_when_the_key_is_taken_by_other_bytes_and_leaves_them_alone) {
  answer({refuse("412 Precondition Failed", "PreconditionFailed"), head_of("other")});
  EXPECT_EQ(verdict_of(put("bytes")), "conflict");
  EXPECT_EQ(methods(), "PUT HEAD");
}

TEST_F(S3Upload, is_done_when_the_answer_was_lost_but_the_bytes_are_there) {
  s3_.answer({close_connection()});
  answer({refuse("412 Precondition Failed", "PreconditionFailed"), head_of("bytes")});
  EXPECT_EQ(verdict_of(put("bytes")), "ok");
  EXPECT_EQ(methods(), "PUT PUT HEAD");
}

TEST_F(S3Upload, is_not_done_before_the_store_says_that_it_has_the_whole_length) {
  answer({kPut, respond_head("200 OK", "ETag: " + kEtag + "\r\nx-amz-meta-sha256: " + sha256_hex("bytes") + "\r\n", 4),
          kRemoved});
  const Result<void> published = put("bytes");
  ASSERT_FALSE(published);
  EXPECT_EQ(published.error().errc(), Errc::kUnavailable);
  EXPECT_TRUE(published.error().detail.contains("has 4 bytes of 5")) << published.error().detail;
  EXPECT_EQ(methods(), "PUT HEAD DELETE");
}

TEST_F(S3Upload, is_not_done_when_the_store_has_another_hash_of_that_length) {
  answer({kPut, head_of("bytez"), kRemoved});
  EXPECT_EQ(verdict_of(put("bytes")), "unavailable");
  EXPECT_EQ(methods(), "PUT HEAD DELETE");
}

TEST_F(S3Upload, is_not_done_when_the_store_has_forgotten_what_it_took) {
  answer({kPut, kMissing});
  EXPECT_EQ(verdict_of(put("bytes")), "unavailable");
}

TEST_F(S3Upload, tries_again_when_two_writers_of_one_key_met) {
  answer({refuse("409 Conflict", "ConditionalRequestConflict"), kPut, head_of("bytes")});
  EXPECT_EQ(verdict_of(put("bytes")), "ok");
}

TEST_F(S3Upload, drops_the_condition_if_the_store_does_not_support_it_and_remembers_that) {
  answer({refuse("501 Not Implemented", "NotImplemented"), kPut, head_of("bytes"), kPut, head_of("bytes")});
  EXPECT_EQ(verdict_of(put("bytes")), "ok");
  EXPECT_EQ(verdict_of(put("bytes")), "ok");
  EXPECT_EQ(methods(), "PUT PUT HEAD PUT HEAD");
  EXPECT_EQ(seen(0).header("if-none-match"), "*");
  EXPECT_EQ(seen(1).header("if-none-match"), "");
  EXPECT_EQ(seen(3).header("if-none-match"), "");
}

TEST_F(S3Upload, sends_a_large_recording_in_equal_parts_with_the_rest_last) {
  use_parts();
  const std::string bytes = sample_bytes(700'001);
  answer({kBegun, respond("200 OK", "ETag: \"one\"\r\n", ""), respond("200 OK", "ETag: \"two\"\r\n", ""),
          respond("200 OK", "ETag: \"three\"\r\n", ""), kCompleted, head_of(bytes)});
  EXPECT_EQ(verdict_of(put(bytes)), "ok");
  EXPECT_EQ(methods(), "POST PUT PUT PUT POST HEAD");
  const std::string path = "/recordings/calls/" + sample_key();
  EXPECT_EQ(seen(0).target, path + "?uploads=");
  EXPECT_EQ(seen(0).header("x-amz-meta-sha256"), sha256_hex(bytes));
  EXPECT_EQ(seen(0).header("content-type"), "audio/mpeg");
  EXPECT_EQ(seen(1).target, path + "?partNumber=1&uploadId=up%261");
  EXPECT_TRUE(seen(1).body == bytes.substr(0, 300'000));
  EXPECT_EQ(seen(2).header("x-amz-content-sha256"), sha256_hex(bytes.substr(300'000, 300'000)));
  EXPECT_TRUE(seen(3).body == bytes.substr(600'000));
  EXPECT_EQ(seen(4).target, path + "?uploadId=up%261");
  EXPECT_EQ(seen(4).header("if-none-match"), "*");
  EXPECT_TRUE(seen(4).body.contains(R"(<Part><PartNumber>1</PartNumber><ETag>"one"</ETag></Part>)"
                                    R"(<Part><PartNumber>2</PartNumber><ETag>"two"</ETag></Part>)"))
      << seen(4).body;
}

TEST_F(S3Upload, in_parts_understands_an_error_inside_a_200_and_tries_again) {
  use_parts();
  const std::string bytes = sample_bytes(300'001);
  answer({kBegun, kPut, kPut, respond("200 OK", "", error_xml("InternalError")), kCompleted, head_of(bytes)});
  EXPECT_EQ(verdict_of(put(bytes)), "ok");
  EXPECT_EQ(methods(), "POST PUT PUT POST POST HEAD");
}

TEST_F(S3Upload, in_parts_is_aborted_when_an_error_inside_a_200_is_final) {
  use_parts();
  const std::string bytes = sample_bytes(300'001);
  answer({kBegun, kPut, kPut, respond("200 OK", "", error_xml("InvalidPart")), kRemoved, kMissing});
  EXPECT_EQ(verdict_of(put(bytes)), "unavailable");
  EXPECT_EQ(methods(), "POST PUT PUT POST DELETE HEAD");
  EXPECT_EQ(seen(4).target, "/recordings/calls/" + sample_key() + "?uploadId=up%261");
}

TEST_F(S3Upload, in_parts_is_aborted_when_a_part_is_refused) {
  use_parts();
  answer({kBegun, kPut, refuse("403 Forbidden", "AccessDenied"), kRemoved, kMissing});
  EXPECT_EQ(verdict_of(put(sample_bytes(300'001))), "unavailable");
  EXPECT_EQ(methods(), "POST PUT PUT DELETE HEAD");
}

TEST_F(S3Upload, in_parts_succeeds_if_the_lost_answer_was_a_success) {
  use_parts();
  const std::string bytes = sample_bytes(300'001);
  answer({kBegun, kPut, kPut});
  s3_.answer({close_connection()});
  answer({refuse("404 Not Found", "NoSuchUpload"), refuse("404 Not Found", "NoSuchUpload"), head_of(bytes)});
  EXPECT_EQ(verdict_of(put(bytes)), "ok");
  EXPECT_EQ(methods(), "POST PUT PUT POST POST DELETE HEAD");
}

TEST_F(S3Upload, in_parts_is_begun_only_with_an_id) {
  use_parts();
  answer({respond("200 OK", "", error_xml("AccessDenied")), kMissing});
  EXPECT_EQ(verdict_of(put(sample_bytes(300'001))), "unavailable");
  EXPECT_EQ(methods(), "POST HEAD");
}

TEST_F(S3Upload, ends_when_it_is_stopped_while_the_store_is_silent) {
  s3_.answer({hang()});
  EXPECT_EQ(verdict_of(put("bytes", 1)), "cancelled");
  EXPECT_EQ(methods(), "PUT");
}

TEST_F(S3Upload, in_parts_ends_when_it_is_stopped_and_leaves_its_parts_to_the_collector) {
  use_parts();
  answer({kBegun, kPut});
  s3_.answer({hang()});
  EXPECT_EQ(verdict_of(put(sample_bytes(700'001), 3)), "cancelled");
  EXPECT_EQ(methods(), "POST PUT PUT");
}

TEST(S3Parts, parts_grow_if_there_would_be_too_many) {
  constexpr std::uint64_t kMebibyte = 1024 * 1024;
  EXPECT_EQ(s3::part_bytes_for(1'000 * kMebibyte, 16 * kMebibyte), 16 * kMebibyte);
  EXPECT_EQ(s3::part_bytes_for(160'000 * kMebibyte, 16 * kMebibyte), 16 * kMebibyte);
  EXPECT_EQ(s3::part_bytes_for(160'000 * kMebibyte + 1, 16 * kMebibyte), 17 * kMebibyte);
}

}  // namespace
}  // namespace tapedeck
