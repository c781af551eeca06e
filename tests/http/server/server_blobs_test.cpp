#include <fcntl.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "http/server/limits.hpp"
#include "tests/http/server/server_fixture.hpp"

namespace tapedeck::http::testing {
namespace {

constexpr std::string_view kGet = "GET /blob HTTP/1.1\r\nHost: h\r\n\r\n";

class ServerBlobs : public ServerFixture, public ::testing::WithParamInterface<bool> {};

TEST_P(ServerBlobs, a_blob_of_every_size_arrives_whole) {
  start();
  for (const std::uint64_t size :
       {std::uint64_t{0}, std::uint64_t{1}, kInlineBlobMax - 1, kInlineBlobMax, kInlineBlobMax + 1,
        std::uint64_t{kBlobChunk} * 2 + 1, kSendfilePiece, kSendfilePiece + 1, kSendfilePiece * 9 + 7}) {
    const std::string content = pattern(size);
    const TemporaryFile file(content);
    handler_.blob = file_blob(file, size, GetParam());
    RawClient client = connect();
    client.send(std::string(kGet) + std::string(kGet));
    EXPECT_TRUE(client.read_reply().body == content) << size;
    EXPECT_TRUE(client.read_reply().body == content) << size << ", again on the same connection";
  }
}

TEST_P(ServerBlobs, a_blob_arrives_whole_at_a_reader_with_a_small_window) {
  const std::string content = pattern(5'000'000);
  const TemporaryFile file(content);
  handler_.blob = file_blob(file, content.size(), GetParam());
  start();
  RawClient client = connect(4096);
  client.send(kGet);
  EXPECT_TRUE(client.read_reply().body == content);
}

TEST_P(ServerBlobs, a_blob_that_turns_out_short_never_looks_complete) {
  start();
  for (const std::uint64_t missing : {std::uint64_t{1}, std::uint64_t{5'000}, std::uint64_t{900'000}}) {
    for (const std::uint64_t size : {std::uint64_t{6'000}, std::uint64_t{1'000'000}}) {
      if (missing >= size) continue;
      const TemporaryFile file(pattern(size - missing));
      handler_.blob = file_blob(file, size, GetParam());
      RawClient client = connect();
      client.send(kGet);
      const Reply reply = client.read_reply();
      EXPECT_FALSE(reply.status == 200 && reply.body_complete) << missing << " of " << size;
      EXPECT_TRUE(client.is_closed_by_peer());
    }
  }
  EXPECT_TRUE(eventually([this] { return server_->stats().responses_aborted == 5; }));
}

INSTANTIATE_TEST_SUITE_P(Read, ServerBlobs, ::testing::Bool(),
                         [](const auto& row) { return row.param ? "by_descriptor" : "in_chunks"; });

using ServerBlob = ServerFixture;

TEST_F(ServerBlob, the_server_survives_a_reader_that_leaves_in_the_middle) {
  const TemporaryFile file("");
  constexpr std::uint64_t kSize = 64 * 1024 * 1024;
  file.resize(kSize);
  handler_.blob = file_blob(file, kSize);
  start();
  {
    RawClient client = connect(4096);
    client.send(kGet);
    char byte = 0;
    ASSERT_EQ(::recv(client.descriptor(), &byte, 1, 0), 1);
  }
  EXPECT_TRUE(eventually([this] { return server_->stats().responses_aborted == 1; }));
  EXPECT_EQ(ask("GET /echo HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);
}

TEST_F(ServerBlob, a_blob_that_fails_before_its_first_byte_gets_another_answer) {
  handler_.blob = broken_blob("", 100'000);
  start();
  RawClient client = connect();
  client.send(kGet);
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.status, 503);
  EXPECT_TRUE(reply.body_complete);
  EXPECT_EQ(reply.body, "the store is away");
  // The connection keeps nothing of it.
  client.send("GET /text/3 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.read_reply().status, 200);
  EXPECT_EQ(server_->stats().responses_aborted, 0U);
}

TEST_F(ServerBlob, a_blob_that_fails_after_its_first_byte_ends_the_connection) {
  handler_.blob = broken_blob(pattern(1'000), 100'000);
  start();
  RawClient client = connect();
  client.send(kGet);
  const Reply reply = client.read_reply();
  EXPECT_FALSE(reply.body_complete);
  EXPECT_TRUE(client.is_closed_by_peer());
  EXPECT_TRUE(eventually([this] { return server_->stats().responses_aborted == 1; }));
}

TEST_F(ServerBlob, a_blob_is_closed_when_its_response_has_been_sent) {
  const TemporaryFile file(pattern(100'000));
  handler_.blob = file_blob(file, 100'000);
  const std::weak_ptr<Blob> watched = handler_.blob;
  start();
  RawClient client = connect();
  client.send(kGet);
  (void)client.read_reply();
  handler_.blob = nullptr;
  EXPECT_TRUE(eventually([&watched] { return watched.expired(); }));  // though the connection is still open
}

}  // namespace
}  // namespace tapedeck::http::testing
