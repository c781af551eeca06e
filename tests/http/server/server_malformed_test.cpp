#include <array>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "tests/http/server/server_fixture.hpp"

namespace tapedeck::http::testing {
namespace {

struct BadRequest {
  const char* name;
  std::string bytes;
  int status = 400;
};
void PrintTo(const BadRequest& request, std::ostream* out) { *out << request.name; }

class ServerRefuses : public ServerFixture, public ::testing::WithParamInterface<BadRequest> {};

TEST_P(ServerRefuses, the_refusal_is_a_problem_document_and_the_connection_closes) {
  start();
  RawClient client = connect();
  client.send(GetParam().bytes);
  // The next bytes must not be parsed as a request: to another parser they may be a part of the first one.
  client.send("GET /echo?smuggled HTTP/1.1\r\nHost: h\r\n\r\n");
  Reply reply = client.read_reply();
  EXPECT_EQ(reply.status, GetParam().status);
  EXPECT_EQ(reply.headers["content-type"], "application/problem+json");
  EXPECT_EQ(reply.headers["connection"], "close");
  EXPECT_TRUE(reply.body.starts_with("{\"type\":\"about:blank\",\"title\":\"")) << reply.body;
  EXPECT_TRUE(client.is_closed_by_peer());
  EXPECT_EQ(server_->stats().requests_by_class[1], 0U);
}

const std::string kPost = "POST /echo HTTP/1.1\r\nHost: h\r\n";
const std::string kGet = "GET /echo HTTP/1.1\r\nHost: h\r\n";

INSTANTIATE_TEST_SUITE_P(
    Framing, ServerRefuses,
    ::testing::Values(
        BadRequest{"coding_other_than_chunked", kPost + "Transfer-Encoding: gzip\r\n\r\n"},
        BadRequest{"coding_before_chunked", kPost + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
        BadRequest{"coding_after_chunked", kPost + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"},
        BadRequest{"coding_in_quotes", kPost + "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n"},
        BadRequest{"coding_with_parameter", kPost + "Transfer-Encoding: chunked;a=b\r\n\r\n0\r\n\r\n"},
        BadRequest{"coding_empty", kPost + "Transfer-Encoding:\r\n\r\n"},
        BadRequest{"coding_twice", kPost + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        BadRequest{"coding_identity_then_chunked",
                   kPost + "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        BadRequest{"coding_then_length", kPost + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"},
        BadRequest{"length_then_coding", kPost + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        BadRequest{"length_then_other_coding", kPost + "Content-Length: 5\r\nTransfer-Encoding: x\r\n\r\nhello"},
        BadRequest{"coding_in_http_1_0", "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        BadRequest{"two_lengths", kPost + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"},
        BadRequest{"two_equal_lengths", kPost + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"},
        BadRequest{"length_as_list", kPost + "Content-Length: 5, 5\r\n\r\nhello"},
        BadRequest{"length_negative", kPost + "Content-Length: -5\r\n\r\nhello"},
        BadRequest{"length_with_sign", kPost + "Content-Length: +5\r\n\r\nhello"},
        BadRequest{"length_hexadecimal", kPost + "Content-Length: 0x5\r\n\r\nhello"},
        BadRequest{"length_empty", kPost + "Content-Length:\r\n\r\nhello"},
        BadRequest{"length_beyond_64_bits", kPost + "Content-Length: 99999999999999999999999\r\n\r\n"},
        BadRequest{"chunk_size_not_hexadecimal", kPost + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n"},
        BadRequest{"chunk_size_beyond_64_bits", kPost + "Transfer-Encoding: chunked\r\n\r\n11111111111111111\r\n"},
        BadRequest{"chunk_without_its_end", kPost + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n"},
        BadRequest{"chunk_size_line_without_cr", kPost + "Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n"},
        BadRequest{"chunk_extension_with_lf",
                   kPost + "Transfer-Encoding: chunked\r\n\r\n3;a=\"b\nc\"\r\nabc\r\n0\r\n\r\n"},
        BadRequest{"chunk_extension_with_cr",
                   kPost + "Transfer-Encoding: chunked\r\n\r\n3;a=\"b\rc\"\r\nabc\r\n0\r\n\r\n"},
        BadRequest{"last_chunk_extension_with_lf", kPost + "Transfer-Encoding: chunked\r\n\r\n0;a=\"b\nc\"\r\n\r\n"},
        BadRequest{"chunk_line_too_long",
                   kPost + "Transfer-Encoding: chunked\r\n\r\n3;" + std::string(20'000, 'x') + "\r\nabc\r\n0\r\n\r\n"}),
    [](const auto& row) { return std::string(row.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Lines, ServerRefuses,
    ::testing::Values(
        BadRequest{"bare_lf_everywhere", "GET /echo HTTP/1.1\nHost: h\n\n"},
        BadRequest{"bare_lf_after_request_line", "GET /echo HTTP/1.1\nHost: h\r\n\r\n"},
        BadRequest{"bare_lf_after_a_field", kGet + "A: b\nC: d\r\n\r\n"}, BadRequest{"bare_lf_at_the_end", kGet + "\n"},
        BadRequest{"stray_cr_in_a_value", kGet + "A: b\rC: d\r\n\r\n"}, BadRequest{"cr_cr_lf", kGet + "A: b\r\r\n\r\n"},
        BadRequest{"folded_line", kGet + "A: b\r\n c\r\n\r\n"},
        BadRequest{"folded_line_with_tab", kGet + "A: b\r\n\tc\r\n\r\n"},
        BadRequest{"space_before_first_field", "GET /echo HTTP/1.1\r\n Host: h\r\n\r\n"},
        BadRequest{"space_before_colon", kGet + "A : b\r\n\r\n"},
        BadRequest{"coding_with_space_before_colon", kPost + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"},
        BadRequest{"field_without_colon", kGet + "nonsense\r\n\r\n"},
        BadRequest{"field_without_name", kGet + ": b\r\n\r\n"},
        BadRequest{"zero_byte_in_a_value", kGet + std::string("A: b\0c\r\n\r\n", 10)},
        BadRequest{"zero_byte_in_a_name", kGet + std::string("A\0: b\r\n\r\n", 9)},
        BadRequest{"two_empty_lines_first", "\r\n\r\n" + kGet + "\r\n"},
        BadRequest{"tls_hello", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15)}),
    [](const auto& row) { return std::string(row.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Addresses, ServerRefuses,
    ::testing::Values(
        BadRequest{"two_authorizations", kGet + "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n"},
        BadRequest{"two_content_types",
                   kPost + "Content-Type: text/plain\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n"},
        BadRequest{"no_host", "GET /echo HTTP/1.1\r\n\r\n"}, BadRequest{"two_hosts", kGet + "Host: h\r\n\r\n"},
        BadRequest{"host_with_slash", "GET /echo HTTP/1.1\r\nHost: h/x\r\n\r\n"},
        BadRequest{"host_with_space", "GET /echo HTTP/1.1\r\nHost: a b\r\n\r\n"},
        BadRequest{"host_with_user", "GET /echo HTTP/1.1\r\nHost: a@b\r\n\r\n"},
        BadRequest{"absolute_target_of_another_host", "GET http://evil/echo HTTP/1.1\r\nHost: h\r\n\r\n"},
        BadRequest{"absolute_target_with_user", "GET http://u@h/echo HTTP/1.1\r\nHost: h\r\n\r\n"},
        BadRequest{"absolute_target_of_other_scheme", "GET ftp://h/echo HTTP/1.1\r\nHost: h\r\n\r\n"},
        BadRequest{"target_without_slash", "GET echo HTTP/1.1\r\nHost: h\r\n\r\n"},
        BadRequest{"star_for_get", "GET * HTTP/1.1\r\nHost: h\r\n\r\n"},
        BadRequest{"target_with_fragment", "GET /echo#x HTTP/1.1\r\nHost: h\r\n\r\n"},
        BadRequest{"target_beyond_ascii", "GET /\xc3\xa9 HTTP/1.1\r\nHost: h\r\n\r\n"},
        BadRequest{"target_with_space", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 505},
        BadRequest{"no_version", "GET /echo\r\nHost: h\r\n\r\n"},
        BadRequest{"version_2", "GET /echo HTTP/2.0\r\nHost: h\r\n\r\n", 505},
        BadRequest{"version_1_2", "GET /echo HTTP/1.2\r\nHost: h\r\n\r\n", 505},
        BadRequest{"version_of_another_protocol", "GET /echo SIP/2.0\r\nHost: h\r\n\r\n", 505},
        BadRequest{"method_with_odd_characters", "G(T /echo HTTP/1.1\r\nHost: h\r\n\r\n"},
        BadRequest{"connect", "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n", 501},
        BadRequest{"unknown_expectation", kPost + "Content-Length: 1\r\nExpect: magic\r\n\r\nx", 417}),
    [](const auto& row) { return std::string(row.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Sizes, ServerRefuses,
    ::testing::Values(
        BadRequest{"long_target", "GET /" + std::string(9'000, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", 414},
        BadRequest{"endless_target", "GET /" + std::string(40'000, 'a'), 414},
        BadRequest{"large_header", kGet + "A: " + std::string(17'000, 'a') + "\r\n\r\n", 431},
        BadRequest{"endless_header", kGet + "A: " + std::string(40'000, 'a'), 431},
        BadRequest{"many_fields",
                   kGet +
                       [] {
                         std::string fields;
                         for (int i = 0; i < 150; ++i) fields += "A: b\r\n";
                         return fields + "\r\n";
                       }(),
                   431},
        BadRequest{"large_body", kPost + "Content-Length: 262145\r\n\r\n", 413},
        BadRequest{"large_chunk", kPost + "Transfer-Encoding: chunked\r\n\r\n40001\r\n" + std::string(0x40001, 'a'),
                   413},
        BadRequest{"many_chunks",
                   kPost + "Transfer-Encoding: chunked\r\n\r\n" +
                       [] {
                         std::string chunks;
                         for (int i = 0; i < 70; ++i) chunks += "1000\r\n" + std::string(0x1000, 'a') + "\r\n";
                         return chunks;
                       }(),
                   413}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace tapedeck::http::testing
