#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "base/form.hpp"
#include "provider/twilio/twilio_signature.hpp"
#include "tests/http/api/world.hpp"

namespace tapedeck::http {
namespace {

using Fields = std::vector<Form::Field>;

std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  }
  return out;
}

std::string form_body(const Fields& fields) {
  std::string body;
  for (const Form::Field& field : fields) {
    body += (body.empty() ? "" : "&") + encoded(field.name) + "=" + encoded(field.value);
  }
  return body;
}

class WebhookTest : public ::testing::Test {
 protected:
  WebhookTest() {
    key = world.add_business("acme", 1);
    (void)world.add_business("birch", 2);
  }

  // A completed recording of a business's account, as Twilio sends it.
  static Fields completed(int account, int call, int recording) {
    return {{"AccountSid", sid_text("AC", account)},
            {"CallSid", sid_text("CA", call)},
            {"RecordingSid", sid_text("RE", recording)},
            {"RecordingUrl", "https://attacker.example/recording"},
            {"RecordingStatus", "completed"},
            {"RecordingDuration", "42"},
            {"RecordingChannels", "2"},
            {"RecordingStartTime", "Mon, 23 Nov 2026 12:00:00 +0000"},
            {"RecordingSource", "StartCallRecordingAPI"}};
  }
  static Fields with_status(Fields fields, std::string status) {
    fields[4].value = std::move(status);
    return fields;
  }
  static TestRequest signed_form(const std::string& target, const Fields& fields, std::string_view token) {
    const std::string signature = twilio_signature(token, std::string(kPublicUrl) + target, Form(fields));
    return TestRequest("POST", target, form_body(fields))
        .with("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
        .with("X-Twilio-Signature", signature);
  }
  TestAnswer announce(const Fields& fields, std::string_view token = "token-1") {
    return world.send(signed_form("/webhooks/twilio/acme/recording", fields, token));
  }
  TestAnswer tell_call(const Fields& fields) {
    return world.send(signed_form("/webhooks/twilio/acme/call", fields, "token-1"));
  }
  void expect_nothing_written() {
    EXPECT_TRUE(world.rows.recordings().empty());
    for (const std::string_view name : {"acme", "birch"}) {
      EXPECT_TRUE(world.run(world.rows.list_calls(business_id(name), {}))->calls.empty());
    }
  }

  World world;
  std::string key;
};

TEST_F(WebhookTest, a_completed_recording_of_an_unknown_call_is_kept_and_queued_for_the_automatic_lane) {
  const TestAnswer answer = announce(completed(1, 10, 20));
  EXPECT_EQ(answer.status, 204U);
  EXPECT_TRUE(answer.body.empty());
  const Recording recording = world.recording("acme", sid_text("CA", 10));
  EXPECT_EQ(recording.state, RecordingState::kQueued);
  EXPECT_EQ(recording.lane, Lane::kFetch);
  EXPECT_EQ(recording.account.str(), sid_text("AC", 1));
  EXPECT_EQ(recording.duration_seconds, 42);
  EXPECT_EQ(recording.channels, 2);
  EXPECT_EQ(recording.recorded_at, parse_rfc3339("2026-11-23T12:00:00Z").value());
  EXPECT_EQ(world.get("/api/calls", key).json().at("calls").as_array().size(), 1U);
}

TEST_F(WebhookTest, the_same_event_a_thousand_times_is_one_recording) {
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(announce(completed(1, 10, 20)).status, 204U);
  EXPECT_EQ(world.rows.recordings().size(), 1U);
  const QueueState view = world.run(world.slots.view(business_id("acme"), 100)).value();
  EXPECT_EQ(view.active + view.waiting_fetch + view.waiting_play, 1);
}

TEST_F(WebhookTest, parameters_in_any_order_are_one_event) {
  Fields fields = completed(1, 10, 20);
  std::reverse(fields.begin(), fields.end());
  EXPECT_EQ(announce(fields).status, 204U);
  EXPECT_EQ(world.rows.recordings().size(), 1U);
}

TEST_F(WebhookTest, repeated_and_future_parameters_are_tolerated) {
  Fields fields = completed(1, 10, 20);
  fields.push_back({"RecordingTrack", "both"});
  fields.push_back({"RecordingTrack", "both"});
  fields.push_back({"RecordingTrack", "inbound"});
  fields.push_back({"Something.New", "\xF0\x9F\x8E\xA7 \xFF"});
  EXPECT_EQ(announce(fields).status, 204U);
  EXPECT_EQ(world.rows.recordings().size(), 1U);
}

TEST_F(WebhookTest, a_future_status_makes_the_recording_known_and_starts_nothing) {
  EXPECT_EQ(announce(with_status(completed(1, 10, 20), "transcoding")).status, 204U);
  EXPECT_EQ(world.recording("acme", sid_text("CA", 10)).state, RecordingState::kRemote);
}

TEST_F(WebhookTest, events_out_of_order_end_in_the_same_state) {
  EXPECT_EQ(announce(completed(1, 10, 20)).status, 204U);
  EXPECT_EQ(announce(with_status(completed(1, 10, 20), "in-progress")).status, 204U);
  EXPECT_EQ(world.recording("acme", sid_text("CA", 10)).state, RecordingState::kQueued);
  EXPECT_EQ(announce(with_status(completed(1, 11, 21), "in-progress")).status, 204U);
  EXPECT_EQ(announce(completed(1, 11, 21)).status, 204U);
  EXPECT_EQ(world.recording("acme", sid_text("CA", 11)).state, RecordingState::kQueued);
}

TEST_F(WebhookTest, an_absent_recording_is_known_as_absent) {
  Fields fields = with_status(completed(1, 10, 20), "absent");
  fields.push_back({"ErrorCode", "16101"});
  EXPECT_EQ(announce(fields).status, 204U);
  EXPECT_EQ(world.recording("acme", sid_text("CA", 10)).state, RecordingState::kAbsent);
  EXPECT_EQ(world.get("/api/recordings/" + sid_text("CA", 10) + "/stream", key).status, 410U);
}

TEST_F(WebhookTest, an_unknown_duration_is_no_duration) {
  for (const std::string_view text : {"-1", "", "soon", "99999999999999999999"}) {
    Fields fields = completed(1, 10, 20);
    fields[5].value = text;
    EXPECT_EQ(announce(fields).status, 204U);
    EXPECT_EQ(world.recording("acme", sid_text("CA", 10)).duration_seconds, std::nullopt);
  }
}

TEST_F(WebhookTest, what_is_not_signed_for_this_business_is_refused_in_one_way) {
  const Fields fields = completed(1, 10, 20);
  const std::string target = "/webhooks/twilio/acme/recording";
  const std::string refusal = announce(fields, "another token").whole();
  TestRequest unsigned_request("POST", target, form_body(fields));
  unsigned_request.with("Content-Type", "application/x-www-form-urlencoded");
  TestRequest forged("POST", target, form_body(completed(1, 10, 21)));
  forged.with("Content-Type", "application/x-www-form-urlencoded")
      .with("X-Twilio-Signature", twilio_signature("token-1", std::string(kPublicUrl) + target, Form(fields)));
  const std::pair<std::string_view, TestAnswer> answers[] = {
      {"another business's token", announce(fields, "token-2")},
      {"no signature", world.send(unsigned_request)},
      {"signature of another event", world.send(forged)},
      {"another account, rightly signed", announce(completed(2, 10, 20))},
  };
  for (const auto& [name, answer] : answers) {
    EXPECT_EQ(answer.status, 403U) << name;
    EXPECT_EQ(answer.whole(), refusal) << name;
  }
  for (const std::string_view business : {"nobody", "no%20business", "a.b"}) {
    const std::string other = fmt::format("/webhooks/twilio/{}/recording", business);
    TestAnswer answer = world.send(signed_form(other, fields, "token-1"));
    EXPECT_EQ(answer.status, 403U) << business;
    const std::size_t at = answer.body.find(other);
    ASSERT_NE(at, std::string::npos);
    answer.body.replace(at, other.size(), target);
    EXPECT_EQ(answer.whole(), refusal) << business;
  }
  expect_nothing_written();
}

TEST_F(WebhookTest, the_signature_covers_the_query_of_the_target) {
  const Fields fields = completed(1, 10, 20);
  const std::string target = "/webhooks/twilio/acme/recording?tenant=7&x=a%20b";
  EXPECT_EQ(world.send(signed_form(target, fields, "token-1")).status, 204U);
  TestRequest moved("POST", "/webhooks/twilio/acme/recording", form_body(fields));
  moved.with("Content-Type", "application/x-www-form-urlencoded")
      .with("X-Twilio-Signature", twilio_signature("token-1", std::string(kPublicUrl) + target, Form(fields)));
  EXPECT_EQ(world.send(moved).status, 403U);
}

TEST_F(WebhookTest, a_business_without_credentials_believes_nobody) {
  Business business;
  business.id = business_id("bare");
  ASSERT_TRUE(world.run(world.rows.put_business(business)).has_value());
  const Fields fields = completed(1, 10, 20);
  for (const std::string_view token : {"", "no token"}) {
    EXPECT_EQ(world.send(signed_form("/webhooks/twilio/bare/recording", fields, token)).status, 403U);
  }
}

TEST_F(WebhookTest, malformed_sids_of_a_signed_event_are_named) {
  for (const std::string_view name : {"AccountSid", "CallSid", "RecordingSid"}) {
    for (const std::string& value : {std::string(), std::string("CA123"), sid_text("XX", 1), sid_text("CA", 1) + "0"}) {
      Fields fields = completed(1, 10, 20);
      for (Form::Field& field : fields) {
        if (field.name == name) field.value = value;
      }
      if (name == "CallSid" && value == sid_text("CA", 1)) continue;
      const TestAnswer answer = announce(fields);
      EXPECT_EQ(answer.status, 400U) << name << "=" << value;
      EXPECT_NE(answer.body.find(name), std::string::npos);
      EXPECT_NE(answer.body.find("expected"), std::string::npos);
    }
  }
  Fields without_status = completed(1, 10, 20);
  without_status.erase(without_status.begin() + 4);
  EXPECT_EQ(announce(without_status).status, 400U);
  expect_nothing_written();
}

TEST_F(WebhookTest, a_broken_escape_is_refused) {
  TestRequest request("POST", "/webhooks/twilio/acme/recording", "CallSid=%zz");
  request.with("Content-Type", "application/x-www-form-urlencoded");
  EXPECT_EQ(world.send(request).status, 400U);
}

TEST_F(WebhookTest, a_recording_of_another_call_is_a_conflict) {
  EXPECT_EQ(announce(completed(1, 10, 20)).status, 204U);
  EXPECT_EQ(announce(completed(1, 11, 20)).status, 409U);
  EXPECT_EQ(world.rows.recordings().size(), 1U);
}

TEST_F(WebhookTest, the_form_may_come_in_the_query_of_a_get) {
  const std::string target = "/webhooks/twilio/acme/recording?" + form_body(completed(1, 10, 20));
  TestRequest request("GET", target);
  request.with("X-Twilio-Signature", twilio_signature("token-1", std::string(kPublicUrl) + target, {}));
  EXPECT_EQ(world.send(request).status, 204U);
  EXPECT_EQ(world.recording("acme", sid_text("CA", 10)).state, RecordingState::kQueued);
}

TEST_F(WebhookTest, a_json_body_is_believed_by_its_hash_in_the_url) {
  const std::string body = fmt::format(
      R"({{"AccountSid":"{}","CallSid":"{}","RecordingSid":"{}","RecordingStatus":"completed","RecordingDuration":42}})",
      sid_text("AC", 1), sid_text("CA", 10), sid_text("RE", 20));
  const std::string target = "/webhooks/twilio/acme/recording?bodySHA256=" + sha256_hex(body);
  const std::string signature = twilio_signature("token-1", std::string(kPublicUrl) + target, {});
  const auto send_body = [&](std::string text) {
    return world.send(TestRequest("POST", target).with_json(std::move(text)).with("X-Twilio-Signature", signature));
  };
  EXPECT_EQ(send_body(body + " ").status, 403U);
  expect_nothing_written();
  EXPECT_EQ(send_body(body).status, 204U);
  EXPECT_EQ(world.recording("acme", sid_text("CA", 10)).duration_seconds, 42);
}

TEST_F(WebhookTest, a_store_that_is_away_is_not_confirmed) {
  world.calls.broken = Error(Errc::kNoSpace, "disk full");
  EXPECT_EQ(announce(completed(1, 10, 20)).status, 503U);
}

TEST_F(WebhookTest, a_calls_event_makes_the_call_known_and_starts_nothing) {
  const Fields fields{{"AccountSid", sid_text("AC", 1)},
                      {"CallSid", sid_text("CA", 10)},
                      {"From", "+14155550100"},
                      {"To", "+14155550101"},
                      {"Direction", "outbound-dial"},
                      {"CallStatus", "completed"},
                      {"CallDuration", "42"},
                      {"Timestamp", "Mon, 23 Nov 2026 12:00:42 +0000"},
                      {"RecordingSid", sid_text("RE", 20)}};
  EXPECT_EQ(tell_call(fields).status, 204U);
  const boost::json::object call = world.get("/api/calls", key).json().at("calls").at(0).as_object();
  EXPECT_EQ(call.at("from").as_string(), "+14155550100");
  EXPECT_EQ(call.at("direction").as_string(), "outbound");
  EXPECT_EQ(call.at("duration").as_int64(), 42);
  EXPECT_EQ(call.at("started_at").as_string(), "2026-11-23T12:00:00Z");
  EXPECT_EQ(call.at("recording").at("state").as_string(), "remote");
}

TEST_F(WebhookTest, a_callers_name_is_kept_without_its_control_characters) {
  const Fields fields{{"AccountSid", sid_text("AC", 1)},
                      {"CallSid", sid_text("CA", 10)},
                      {"From", "sip:zo\xC3\xAB\r\n\x1B[31m@example.com\xFF"}};
  EXPECT_EQ(tell_call(fields).status, 204U);
  const boost::json::object call = world.get("/api/calls", key).json().at("calls").at(0).as_object();
  EXPECT_EQ(call.at("from").as_string(), "sip:zo\xC3\xAB[31m@example.com\xEF\xBF\xBD");
}

TEST_F(WebhookTest, the_default_account_signs_for_a_business_without_its_own) {
  Business business;
  business.id = business_id("bare");
  ASSERT_TRUE(world.run(world.rows.put_business(business)).has_value());
  Businesses with_defaults(
      world.calls, world.clock,
      ProviderDefaults{.account = AccountSid::parse(sid_text("AC", 9)).value(), .auth_token = "default token"});
  const Business resolved = world.run(with_defaults.find(business_id("bare"))).value().value();
  EXPECT_EQ(resolved.auth_token, "default token");
}

}  // namespace
}  // namespace tapedeck::http
