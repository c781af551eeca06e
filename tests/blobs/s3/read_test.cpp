#include "blobs/s3/blob.hpp"
#include "tests/blobs/s3/scripted_store.hpp"

// Reading: what is asked for, what is believed, and what happens when an answer is cut.

namespace tapedeck {
namespace {

using contract::sample_bytes;
using contract::sample_key;

class S3Read : public ScriptedStore {
 protected:
  S3Read() { s3_.answer({head_of(bytes_)}); }

  // A part of the bytes, correctly told.
  Step part(std::size_t offset, std::size_t length) {
    return send(part_head(offset, length, bytes_.size()) + bytes_.substr(offset, length));
  }

  const std::string bytes_ = sample_bytes(100'000);
};

TEST_F(S3Read, asks_once_for_the_whole_part_of_the_object_that_was_opened) {
  s3_.answer({part(1'000, 50'000)});
  EXPECT_TRUE(read(1'000, 50'000) == bytes_.substr(1'000, 50'000));
  ASSERT_EQ(methods(), "HEAD GET");
  EXPECT_EQ(seen(1).header("range"), "bytes=1000-50999");
  EXPECT_EQ(seen(1).header("if-match"), kEtag);
}

TEST_F(S3Read, uses_one_connection_again_and_again) {
  s3_.answer_by([this](const SeenRequest& request) -> Answer {
    return {request.method == "HEAD" ? head_of(bytes_) : part(0, 100'000)};
  });
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(read(0, 100'000) == bytes_);
  EXPECT_EQ(s3_.connections(), 1U);
}

TEST_F(S3Read, resumes_where_an_answer_was_cut) {
  int gets = 0;
  s3_.answer_by([this, &gets](const SeenRequest& request) -> Answer {
    if (request.method == "HEAD") return {head_of(bytes_)};
    ++gets;
    if (gets == 3) return {respond("503 Slow Down", "", "")};
    const auto offset = static_cast<std::size_t>(std::stoul(request.header("range").substr(6)));
    const std::size_t rest = bytes_.size() - offset;
    const std::string head = part_head(offset, rest, bytes_.size());
    if (gets == 1) return {send(head + bytes_.substr(offset, 30'000)), close_connection()};
    if (gets == 2) return {send(head.substr(0, 40)), reset_connection()};
    if (gets == 4) return {send(head + bytes_.substr(offset, 10)), reset_connection()};
    return {send(head + bytes_.substr(offset))};
  });
  EXPECT_TRUE(read(0, 100'000) == bytes_);
  EXPECT_EQ(gets, 5);
}

TEST_F(S3Read, gives_up_when_it_is_cut_repeatedly_and_gives_no_wrong_byte) {
  s3_.answer({send(part_head(0, 100'000, 100'000)), close_connection()});
  EXPECT_EQ(read(0, 100'000), "unavailable");
  EXPECT_EQ(s3_.requests().size(), std::size_t{2 + s3::kResumesMax});
}

TEST_F(S3Read, gives_up_when_no_bytes_come) {
  options_.limits.idle_timeout = Milliseconds{30};
  s3_.answer({send(part_head(0, 100'000, 100'000)), hang()});
  EXPECT_EQ(read(0, 100'000), "unavailable");
}

TEST_F(S3Read, is_a_conflict_after_the_object_was_replaced) {
  s3_.answer({refuse("412 Precondition Failed", "PreconditionFailed")});
  EXPECT_EQ(read(0, 100'000), "conflict");
}

struct WrongAnswer {
  std::string name;
  std::string head;
  std::string verdict;
};

TEST_F(S3Read, refuses_an_answer_of_another_object_or_range) {
  const std::string etag = "ETag: " + kEtag + "\r\n";
  const WrongAnswer wrong[] = {
      {"another object", "HTTP/1.1 206 OK\r\nETag: \"other\"\r\nContent-Range: bytes 10-19/100000\r\n", "conflict"},
      {"no ETag", "HTTP/1.1 206 OK\r\nContent-Range: bytes 10-19/100000\r\n", "conflict"},
      {"another place", "HTTP/1.1 206 OK\r\n" + etag + "Content-Range: bytes 11-20/100000\r\n", "unavailable"},
      {"another size", "HTTP/1.1 206 OK\r\n" + etag + "Content-Range: bytes 10-19/99999\r\n", "unavailable"},
      {"no place", "HTTP/1.1 206 OK\r\n" + etag, "unavailable"},
      {"the range not minded", "HTTP/1.1 200 OK\r\n" + etag, "unavailable"},
  };
  for (const WrongAnswer& one : wrong) {
    s3_.forget_answers();
    s3_.answer({head_of(bytes_)});
    s3_.answer({send(one.head + "Content-Length: 10\r\n\r\n0123456789")});
    EXPECT_EQ(read(10, 10), one.verdict) << one.name;
  }
}

TEST_F(S3Read, accepts_the_whole_object_if_all_of_it_was_requested) {
  s3_.answer({respond("200 OK", "ETag: " + kEtag + "\r\n", bytes_)});
  EXPECT_TRUE(read(0, 100'000) == bytes_);
}

TEST_F(S3Read, is_an_error_when_the_object_has_become_shorter) {
  s3_.answer({respond("416 Range Not Satisfiable", "Content-Range: bytes */5\r\n", "")});
  EXPECT_EQ(read(50'000, 10), "conflict");
}

TEST_F(S3Read, does_not_find_a_missing_object) {
  s3_.forget_answers();
  s3_.answer({respond_head("404 Not Found", "", 300)});
  EXPECT_EQ(read(0, 10), "not_found");
}

TEST_F(S3Read, needs_an_etag) {
  s3_.forget_answers();
  s3_.answer({respond_head("200 OK", "", 300)});
  EXPECT_EQ(read(0, 10), "unavailable");
}

TEST_F(S3Read, sends_no_request_for_an_empty_part) {
  EXPECT_EQ(read(100'000, 0), "");
  EXPECT_EQ(methods(), "HEAD");
}

}  // namespace
}  // namespace tapedeck
