#include "blobs/s3/sigv4.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "base/form.hpp"
#include "tests/blobs/s3/sigv4_suite.hpp"

namespace tapedeck {
namespace {

std::string signature_in(const std::string& text, std::string_view before) {
  const std::size_t at = text.find(before);
  return at == std::string::npos ? "none" : text.substr(at + before.size(), 64);
}

std::string header_signature(const Sigv4Fields& added) { return signature_in(added.back().second, "Signature="); }

SystemTime at(std::string_view text) { return parse_rfc3339(text).value(); }

// AWS's published suite.

const AwsCredentials kSuiteCredentials{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};
const Sigv4Scope kSuiteScope{"us-east-1", "service", at("2015-08-30T12:36:00Z")};

AwsCredentials credentials_of(const Sigv4Case& c) {
  AwsCredentials credentials = kSuiteCredentials;
  credentials.session_token = c.token;
  return credentials;
}

Sigv4Request request_of(const Sigv4Case& c) {
  Sigv4Request request;
  request.method = c.method;
  const std::size_t question = c.target.find('?');
  request.path = c.target.substr(0, question);
  if (question != std::string_view::npos) {
    const Form query = Form::parse(c.target.substr(question + 1)).value();
    for (const Form::Field& field : query.fields()) request.query.emplace_back(field.name, field.value);
  }
  request.headers = c.headers;
  request.headers.emplace_back("Host", "example.amazonaws.com");
  request.payload_hash = sha256_hex(c.body);
  request.normalizes_path = c.normalizes_path;
  return request;
}

class Sigv4Suite : public testing::TestWithParam<Sigv4Case> {};

TEST_P(Sigv4Suite, signs_the_headers) {
  Sigv4Request request = request_of(GetParam());
  if (!GetParam().body.empty()) request.headers.emplace_back("X-Amz-Content-Sha256", request.payload_hash);
  EXPECT_EQ(header_signature(sigv4_headers(request, kSuiteScope, credentials_of(GetParam()))),
            GetParam().header_signature);
}

TEST_P(Sigv4Suite, signs_the_url) {
  const std::string query =
      sigv4_presigned_query(request_of(GetParam()), kSuiteScope, credentials_of(GetParam()), Seconds{3600});
  EXPECT_EQ(signature_in(query, "X-Amz-Signature="), GetParam().query_signature);
}

INSTANTIATE_TEST_SUITE_P(Aws, Sigv4Suite, testing::ValuesIn(kSigv4Suite), [](const auto& test) {
  std::string name(test.param.name);
  std::ranges::replace(name, '-', '_');
  return name;
});

TEST(Sigv4, knows_all_cases_of_the_published_suite) { EXPECT_EQ(kSigv4Suite.size(), 38U); }

// The examples of the S3 API Reference, "Signature Calculations for the Authorization Header" and "Authenticating
// Requests: Using Query Parameters".

const AwsCredentials kS3Credentials{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};
const Sigv4Scope kS3Scope{"us-east-1", "s3", at("2013-05-24T00:00:00Z")};

Sigv4Request s3_request(std::string method, std::string path, Sigv4Fields query, Sigv4Fields headers,
                        std::string_view payload_hash) {
  headers.emplace_back("Host", "examplebucket.s3.amazonaws.com");
  headers.emplace_back("x-amz-content-sha256", payload_hash);
  return {std::move(method), std::move(path), std::move(query), std::move(headers), std::string(payload_hash)};
}

struct S3Case {
  std::string name;
  Sigv4Request request;
  std::string signature;
};

const S3Case kS3Cases[] = {
    {"get of a range", s3_request("GET", "/test.txt", {}, {{"Range", "bytes=0-9"}}, kEmptyPayloadHash),
     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
    {"put",
     s3_request("PUT", "/test$file.text", {},
                {{"Date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                sha256_hex("Welcome to Amazon S3.")),
     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
    {"a query without a value", s3_request("GET", "/", {{"lifecycle", ""}}, {}, kEmptyPayloadHash),
     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
    {"a list", s3_request("GET", "/", {{"prefix", "J"}, {"max-keys", "2"}}, {}, kEmptyPayloadHash),
     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
};

TEST(Sigv4, signs_the_examples_of_the_s3_reference) {
  for (const S3Case& c : kS3Cases) {
    EXPECT_EQ(header_signature(sigv4_headers(c.request, kS3Scope, kS3Credentials)), c.signature) << c.name;
  }
}

TEST(Sigv4, presigns_the_example_of_the_s3_reference) {
  Sigv4Request request{"GET", "/test.txt", {}, {{"Host", "examplebucket.s3.amazonaws.com"}}, {}};
  request.payload_hash = kUnsignedPayload;
  EXPECT_EQ(sigv4_presigned_query(request, kS3Scope, kS3Credentials, Seconds{86'400}),
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2F"
            "aws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-Signature="
            "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404&X-Amz-SignedHeaders=host");
}

// Computed apart from this signer, for a request as it goes to R2.
TEST(Sigv4, signs_an_upload_of_a_recording_to_r2) {
  const Sigv4Scope scope{"auto", "s3", at("2026-11-23T12:00:00Z")};
  const Sigv4Request request{"PUT",
                             "/recordings/b7/2026/11/RE00000000000000000000000000000003.mp3",
                             {},
                             {{"Host", "0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com"},
                              {"X-Amz-Content-Sha256", std::string(kUnsignedPayload)},
                              {"If-None-Match", "*"},
                              {"Content-Type", "audio/mpeg"}},
                             std::string(kUnsignedPayload)};
  const Sigv4Fields added = sigv4_headers(request, scope, kS3Credentials);
  EXPECT_EQ(header_signature(added), "a27419a7f56aa8f7c33b6ad9e0854579ffdb500803f9dfc045d94463f655b75e");
  EXPECT_EQ(added.front(), (std::pair<std::string, std::string>("X-Amz-Date", "20261123T120000Z")));
}

TEST(Sigv4, adds_and_signs_the_token_of_temporary_credentials) {
  AwsCredentials credentials = kS3Credentials;
  credentials.session_token = "token";
  const Sigv4Fields added = sigv4_headers(kS3Cases[0].request, kS3Scope, credentials);
  ASSERT_EQ(added.size(), 3U);
  EXPECT_EQ(added[1], (std::pair<std::string, std::string>("X-Amz-Security-Token", "token")));
  EXPECT_TRUE(added[2].second.contains(";x-amz-security-token,")) << added[2].second;
}

TEST(Sigv4, encodes_a_key_once_and_keeps_its_slashes) {
  EXPECT_EQ(sigv4_path("/a b/c+d/%41~\xC3\xA9"), "/a%20b/c%2Bd/%2541~%C3%A9");
  EXPECT_EQ(sigv4_encode("a/b"), "a%2Fb");
}

TEST(Sigv4, keeps_a_presigned_url_within_seven_days) {
  const std::string query =
      sigv4_presigned_query(kS3Cases[0].request, kS3Scope, kS3Credentials, Seconds{8 * 24 * 60 * 60});
  EXPECT_TRUE(query.contains("X-Amz-Expires=604800&")) << query;
}

}  // namespace
}  // namespace tapedeck
