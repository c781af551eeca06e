#include "provider/twilio/signature.hpp"

#include <gtest/gtest.h>

namespace tapedeck {
namespace {

constexpr std::string_view kToken = "12345";
constexpr std::string_view kUrl = "https://mycompany.com/myapp.php?foo=1&bar=2";
constexpr std::string_view kPropertyBody = R"({"property": "value", "boolean": true})";
constexpr std::string_view kPropertyHash = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
constexpr std::string_view kEmptyHash = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

Form call_parameters() {
  return Form({{"To", "+18005551212"},
               {"CallSid", "CA1234567890ABCDE"},
               {"Caller", "+14158675309"},
               {"Digits", "1234"},
               {"From", "+14158675309"}});
}

struct FormVector {
  std::string name;
  std::string url;
  Form form;
  std::string signature;
};

std::string url_with(std::string_view suffix) { return std::string(kUrl).append(suffix); }

// Published vectors: twilio-node spec/validation.spec.js, twilio-python tests/unit/test_request_validator.py.
const FormVector kFormVectors[] = {
    {"as is", std::string(kUrl), call_parameters(), "RSOYDt4T1cUTdK1PDd93/VVr8B8="},
    {"https with :443", "https://mycompany.com:443/myapp.php?foo=1&bar=2", call_parameters(),
     "kvajT1Ptam85bY51eRf/AJRuM3w="},
    {"http with :80", "http://mycompany.com:80/myapp.php?foo=1&bar=2", call_parameters(),
     "0ZXoZLH/DfblKGATFgpif+LLRf4="},
    {"http without a port", "http://mycompany.com/myapp.php?foo=1&bar=2", call_parameters(),
     "OyGYPqTF6ztdbRNCvuQO/oPvqQ4="},
    {"http with :1234", "http://mycompany.com:1234/myapp.php?foo=1&bar=2", call_parameters(),
     "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="},
    {"user and password", "https://user:pass@mycompany.com/myapp.php?foo=1&bar=2", call_parameters(),
     "CukzLTc1tT5dXEDIHm/tKBanW10="},
    {"user, password and port", "https://user:pass@mycompany.com:443/myapp.php?foo=1&bar=2", call_parameters(),
     "ZQFR1PTIZXF2MXB8ZnKCvnnA+rI="},
    {"user alone", "https://user@mycompany.com/myapp.php?foo=1&bar=2", call_parameters(),
     "2YRLlVAflCqxaNicjMpJcSTgzSs="},
    {"escaped quote", url_with("&Body=It%27s+amazing"), call_parameters(), "TfZzewPq8wqrGlMfyAud8+/IvJ0="},
    {"repeated parameter", std::string(kUrl),
     Form({{"Sid", "CA123"}, {"SidAccount", "AC123"}, {"Digits", "5678"}, {"Digits", "1234"}, {"Digits", "1234"}}),
     "IK+Dwps556ElfBT0I3Rgjkr1wJU="},
    {"parameter with a dot", std::string(kUrl),
     Form({{"MessagingBinding.Address", "+1325xxxxxxx"}, {"MessagingBinding.Address", "+1415xxxxxxx"}}),
     "83O6e2vORAoJHUNzJjDWN1jz+BA="},
    {"recording callback", "https://rec.example.com/webhooks/twilio/recording?b=7",
     Form({{"AccountSid", "AC00000000000000000000000000000001"},
           {"CallSid", "CA00000000000000000000000000000002"},
           {"RecordingSid", "RE00000000000000000000000000000003"},
           {"RecordingUrl",
            "https://api.twilio.com/2010-04-01/Accounts/AC00000000000000000000000000000001/Recordings/"
            "RE00000000000000000000000000000003"},
           {"RecordingStatus", "completed"},
           {"RecordingDuration", "42"},
           {"RecordingChannels", "2"},
           {"RecordingStartTime", "Mon, 23 Nov 2026 12:00:00 +0000"},
           {"RecordingSource", "StartCallRecordingAPI"},
           {"RecordingTrack", "both"},
           {"ErrorCode", "0"}}),
     "Q/NyjeQvnvgFGpEuoW5n9wxu8rA="},
};

TEST(TwilioSignatureTest, the_signature_matches_the_published_form_vectors) {
  for (const FormVector& vector : kFormVectors) {
    EXPECT_EQ(twilio_signature(kToken, vector.url, vector.form), vector.signature) << vector.name;
  }
}

TEST(TwilioSignatureTest, a_published_form_vector_is_accepted_and_any_change_of_it_refused) {
  for (const FormVector& vector : kFormVectors) {
    WebhookRequest request{.url = vector.url, .has_form = true, .form = vector.form, .body = {}};
    EXPECT_TRUE(is_signed_by_twilio(kToken, vector.signature, request)) << vector.name;
    EXPECT_FALSE(is_signed_by_twilio("12346", vector.signature, request)) << vector.name;
    std::string other = vector.signature;
    other[3] = other[3] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(is_signed_by_twilio(kToken, other, request)) << vector.name;
    std::vector<Form::Field> fields = vector.form.fields();
    fields.push_back({"Extra", "1"});
    request.form = Form(std::move(fields));
    EXPECT_FALSE(is_signed_by_twilio(kToken, vector.signature, request)) << vector.name;
  }
}

TEST(TwilioSignatureTest, an_unescaped_quote_is_accepted_too) {
  const WebhookRequest request{
      .url = url_with("&Body=It's+amazing"), .has_form = true, .form = call_parameters(), .body = {}};
  EXPECT_TRUE(is_signed_by_twilio(kToken, "TfZzewPq8wqrGlMfyAud8+/IvJ0=", request));
}

TEST(TwilioSignatureTest, the_default_port_may_be_added_or_removed) {
  const auto accepts = [](std::string url, std::string_view signature) {
    return is_signed_by_twilio(kToken, signature,
                               {.url = std::move(url), .has_form = true, .form = call_parameters(), .body = {}});
  };
  EXPECT_TRUE(accepts(std::string(kUrl), "kvajT1Ptam85bY51eRf/AJRuM3w="));
  EXPECT_TRUE(accepts("https://mycompany.com:443/myapp.php?foo=1&bar=2", "RSOYDt4T1cUTdK1PDd93/VVr8B8="));
  EXPECT_TRUE(accepts("http://mycompany.com/myapp.php?foo=1&bar=2", "0ZXoZLH/DfblKGATFgpif+LLRf4="));
  EXPECT_TRUE(accepts("http://mycompany.com:1234/myapp.php?foo=1&bar=2", "OyGYPqTF6ztdbRNCvuQO/oPvqQ4="));
  EXPECT_TRUE(accepts("https://user:pass@mycompany.com/myapp.php?foo=1&bar=2", "ZQFR1PTIZXF2MXB8ZnKCvnnA+rI="));
  EXPECT_TRUE(accepts("https://user:pass@mycompany.com:443/myapp.php?foo=1&bar=2", "CukzLTc1tT5dXEDIHm/tKBanW10="));
  EXPECT_FALSE(accepts("https://mycompany.com:8443/myapp.php?foo=1&bar=2", "kvajT1Ptam85bY51eRf/AJRuM3w="));
}

TEST(TwilioSignatureTest, the_port_after_an_address_in_brackets_is_found) {
  EXPECT_EQ(twilio_url_spellings("https://[2001:db8::1]:443/a"),
            (std::vector<std::string>{"https://[2001:db8::1]:443/a", "https://[2001:db8::1]/a"}));
  EXPECT_EQ(twilio_url_spellings("https://[2001:db8::1]/a"),
            (std::vector<std::string>{"https://[2001:db8::1]/a", "https://[2001:db8::1]:443/a"}));
}

struct BodyVector {
  std::string name;
  std::string url;
  std::string_view body;
  std::string signature;
};

const BodyVector kBodyVectors[] = {
    {"hash behind a query", url_with("&bodySHA256=").append(kPropertyHash), kPropertyBody,
     "a9nBmqA0ju/hNViExpshrM61xv4="},
    {"hash alone", std::string("https://mycompany.com/myapp.php?bodySHA256=").append(kPropertyHash), kPropertyBody,
     "y77kIzt2vzLz71DgmJGsen2scGs="},
    {"port added by the other side", url_with("&bodySHA256=").append(kEmptyHash), "{}", "Ldidvp12m26NI7eqEvxnEpkd9Hc="},
    {"port signed", std::string("https://mycompany.com:443/myapp.php?foo=1&bar=2&bodySHA256=").append(kEmptyHash), "{}",
     "Ldidvp12m26NI7eqEvxnEpkd9Hc="},
    {"no port signed", url_with("&bodySHA256=").append(kEmptyHash), "{}", "rw/jVviOgicj2+kHZULvebnA4ag="},
};

TEST(TwilioSignatureTest, the_published_body_vectors_are_accepted) {
  for (const BodyVector& vector : kBodyVectors) {
    const WebhookRequest request{.url = vector.url, .has_form = false, .form = {}, .body = vector.body};
    EXPECT_TRUE(is_signed_by_twilio(kToken, vector.signature, request)) << vector.name;
  }
}

TEST(TwilioSignatureTest, a_body_with_another_hash_is_refused) {
  const BodyVector& vector = kBodyVectors[0];
  const WebhookRequest request{.url = vector.url, .has_form = false, .form = {}, .body = R"({"property": "other"})"};
  EXPECT_FALSE(is_signed_by_twilio(kToken, vector.signature, request));
}

TEST(TwilioSignatureTest, a_body_without_a_hash_is_refused) {
  const std::string url(kUrl);
  const std::string signature = twilio_signature(kToken, url, {});
  EXPECT_TRUE(is_signed_by_twilio(kToken, signature, {.url = url, .has_form = false, .form = {}, .body = {}}));
  EXPECT_FALSE(is_signed_by_twilio(kToken, signature, {.url = url, .has_form = false, .form = {}, .body = "{}"}));
}

TEST(TwilioSignatureTest, a_missing_signature_and_an_empty_token_are_refused) {
  const WebhookRequest request{.url = std::string(kUrl), .has_form = true, .form = call_parameters(), .body = {}};
  EXPECT_FALSE(is_signed_by_twilio(kToken, "", request));
  EXPECT_FALSE(is_signed_by_twilio("", twilio_signature("", kUrl, call_parameters()), request));
}

}  // namespace
}  // namespace tapedeck
