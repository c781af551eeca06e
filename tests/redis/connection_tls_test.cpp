#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/blobs/filesystem/scratch.hpp"
#include "tests/redis/client_fixture.hpp"
#include "tests/redis/connection_certificates.hpp"

namespace tapedeck::redis {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A Redis whose certificate is made out to `alternative_name`.
class TlsRedis {
 public:
  explicit TlsRedis(const std::string& alternative_name, const std::string& ask_clients = "no")
      : certificates(make_certificates(folder_.path(), alternative_name)),
        port(free_port()),
        redis({"--tls-port", std::to_string(port), "--tls-cert-file", certificates.certificate, "--tls-key-file",
               certificates.key, "--tls-ca-cert-file", certificates.authority, "--tls-auth-clients", ask_clients}) {}

  [[nodiscard]] std::string url(const std::string& host) const {
    return "rediss://" + host + ":" + std::to_string(port) + "/0";
  }
  [[nodiscard]] std::string trusting_url(const std::string& host) const {
    return url(host) + "?tls_ca=" + certificates.authority;
  }

 private:
  ScratchFolder folder_;

 public:
  const Certificates certificates;
  const std::uint16_t port;
  RedisProcess redis;
};

std::string ping(const std::string& url) {
  MiddleRandom random;
  const auto client = client_of(url, random);
  return text_of(run_task(client->command("", {"PING"})));
}

TEST(ConnectionTls, a_certificate_made_out_to_the_address_is_accepted) {
  const TlsRedis server("IP:127.0.0.1");
  EXPECT_EQ(ping(server.trusting_url("127.0.0.1")), "PONG");
}

TEST(ConnectionTls, a_certificate_made_out_to_the_name_is_accepted) {
  const TlsRedis server("DNS:localhost");
  EXPECT_EQ(ping(server.trusting_url("localhost")), "PONG");
}

TEST(ConnectionTls, a_certificate_for_another_name_is_refused) {
  const TlsRedis server("DNS:redis.example.com");
  EXPECT_THAT(ping(server.trusting_url("localhost")), HasSubstr("made out to another name"));
  EXPECT_THAT(ping(server.trusting_url("127.0.0.1")), HasSubstr("made out to another name"));
}

TEST(ConnectionTls, an_unknown_authority_is_refused) {
  const TlsRedis server("IP:127.0.0.1");
  EXPECT_THAT(ping(server.url("127.0.0.1")), HasSubstr("?tls_ca="));
}

TEST(ConnectionTls, a_certificate_of_ours_is_shown_to_a_server_that_asks_for_one) {
  const TlsRedis server("IP:127.0.0.1", "yes");
  const std::string url = server.trusting_url("127.0.0.1");
  EXPECT_THAT(ping(url), HasSubstr("error: "));
  EXPECT_EQ(ping(url + "&tls_cert=" + server.certificates.certificate + "&tls_key=" + server.certificates.key), "PONG");
}

TEST(ConnectionTls, large_replies_and_many_commands_pass_through) {
  const TlsRedis server("IP:127.0.0.1");
  MiddleRandom random;
  const auto client = client_of(server.trusting_url("127.0.0.1"), random);
  LoopThread loop;
  const std::string large(1'000'000, 'x');
  EXPECT_EQ(text_of(loop.run(client->command("", {"SET", "key", large}))), "OK");
  std::vector<std::future<Result<Reply>>> replies;
  for (int i = 0; i < 20; ++i) replies.push_back(loop.start(client->command("", {"GET", "key"})));
  for (auto& reply : replies) EXPECT_TRUE(text_of(reply.get()) == large);
  EXPECT_EQ(client->statistics().connects, 1U);
}

TEST(ConnectionTls, a_plain_url_to_a_tls_port_fails) {
  const TlsRedis server("IP:127.0.0.1");
  EXPECT_THAT(ping("redis://127.0.0.1:" + std::to_string(server.port)), HasSubstr("error: "));
}

TEST(ConnectionTls, a_missing_file_is_named) {
  const auto url = parse_url("rediss://localhost?tls_ca=/nowhere/ca.pem");
  ASSERT_TRUE(url);
  MiddleRandom random;
  const auto client = make_client(*url, random);
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().errc(), Errc::kInvalidArgument);
  EXPECT_THAT(client.error().detail, HasSubstr("tls_ca names /nowhere/ca.pem"));
}

}  // namespace
}  // namespace tapedeck::redis
