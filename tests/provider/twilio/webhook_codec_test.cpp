#include "provider/twilio/webhook_codec.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include "provider/recording_source.hpp"
#include "provider/registry/registry.hpp"

namespace tapedeck {
namespace {

const std::string kAccount = "AC" + std::string(32, 'a');
const std::string kCall = "CA" + std::string(32, 'b');
const std::string kRecording = "RE" + std::string(32, 'c');

WebhookRequest form_of(std::vector<Form::Field> fields) {
  return {.url = {}, .has_form = true, .form = Form(std::move(fields)), .body = {}};
}

std::vector<Form::Field> absent(std::string error_code) {
  return {{"AccountSid", kAccount},
          {"CallSid", kCall},
          {"RecordingSid", kRecording},
          {"RecordingStatus", "absent"},
          {"ErrorCode", std::move(error_code)}};
}

TEST(TwilioWebhookCodec, an_error_code_becomes_a_sentence) {
  const TwilioWebhookCodec codec;
  const std::vector<std::pair<std::string, std::string>> cases{
      {"16101", "the provider has no audio: too short (error 16101)"},
      {"16102", "the provider has no audio: silent (error 16102)"},
      {"99999", "the provider has no audio (error 99999)"},
      {"0", "the provider has no audio"},
      {"", "the provider has no audio"},
  };
  for (const auto& [code, sentence] : cases) {
    const auto told = codec.recording(form_of(absent(code)));
    ASSERT_TRUE(told) << code;
    EXPECT_EQ(told->status, AnnouncedStatus::kAbsent);
    EXPECT_EQ(told->absence, sentence);
  }
}

TEST(TwilioWebhookCodec, a_form_a_json_body_and_a_query_tell_the_same) {
  const TwilioWebhookCodec codec;
  const WebhookRequest form = form_of(absent("16101"));
  WebhookRequest query;
  query.query = form.form;
  WebhookRequest json;
  boost::json::object body;
  for (const Form::Field& field : form.form.fields()) body[field.name] = field.value;
  body["ErrorCode"] = 16101;
  body["Nested"] = boost::json::object{{"AccountSid", "none"}};
  json.json = body;
  for (const WebhookRequest* request : {&form, &std::as_const(query), &std::as_const(json)}) {
    EXPECT_EQ(codec.account(*request)->str(), kAccount);
    const auto told = codec.recording(*request);
    ASSERT_TRUE(told);
    EXPECT_EQ(told->recording.str(), kRecording);
    EXPECT_EQ(told->absence, "the provider has no audio: too short (error 16101)");
  }
}

TEST(TwilioWebhookCodec, a_refusal_names_the_parameter) {
  const TwilioWebhookCodec codec;
  const auto refused = codec.call(form_of({{"AccountSid", kAccount}, {"CallSid", "CA1"}}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().errc(), Errc::kInvalidArgument);
  EXPECT_EQ(refused.error().detail, "CallSid: expected a call SID: CA and 32 hexadecimal digits");
}

TEST(Registry, a_codec_is_found_by_the_name_of_its_provider) {
  const WebhookCodec* codec = find_webhook_codec(default_provider().name);
  ASSERT_NE(codec, nullptr);
  EXPECT_EQ(codec->signature_header(), "X-Twilio-Signature");
  EXPECT_EQ(find_webhook_codec("nobody"), nullptr);
}

TEST(RequestFor, a_recording_without_an_account_is_in_the_account_of_its_business) {
  Business business;
  business.account = *AccountSid::parse(kAccount);
  business.auth_token = "token";
  Recording recording;
  recording.recording = *RecordingSid::parse(kRecording);
  EXPECT_EQ(request_for(business, recording).media_account, business.account);
  recording.account = *AccountSid::parse("AC" + std::string(32, 'd'));
  const FetchRequest request = request_for(business, recording);
  EXPECT_EQ(request.media_account, recording.account);
  EXPECT_EQ(request.login_account, business.account);
  EXPECT_EQ(request.auth_token, "token");
}

}  // namespace
}  // namespace tapedeck
