#include "tests/http/api/world.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include "base/encoding.hpp"
#include "provider/registry/registry.hpp"

namespace tapedeck::http {
namespace {

const StaticAsset kAssets[] = {
    {"/index.html", "text/html; charset=utf-8", "<!doctype html><title>Tapedeck</title>", false},
    {"/assets/index-1a2b3c.js", "text/javascript; charset=utf-8", "console.log(1)", true},
};

}  // namespace

std::string sid_text(std::string_view prefix, int number) { return fmt::format("{}{:032x}", prefix, number); }

TestRequest::TestRequest(std::string_view method, std::string target, std::string body)
    : method_(boost::beast::http::string_to_verb({method.data(), method.size()})),
      target_(std::move(target)),
      body_(std::move(body)) {}

TestRequest& TestRequest::with(std::string_view name, std::string_view value) {
  fields_.insert({name.data(), name.size()}, {value.data(), value.size()});
  return *this;
}

TestRequest& TestRequest::with_json(std::string body) {
  body_ = std::move(body);
  return with("Content-Type", "application/json");
}

TestRequest& TestRequest::from(std::string peer) {
  peer_ = std::move(peer);
  return *this;
}

Request TestRequest::view() const {
  const std::string_view target = target_;
  const std::size_t question = std::min(target.find('?'), target.size());
  return {.method = method_,
          .target = target,
          .path = target.substr(0, question),
          .query = target.substr(std::min(question + 1, target.size())),
          .fields = &fields_,
          .body = body_,
          .peer = peer_};
}

std::string TestAnswer::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

boost::json::object TestAnswer::json() const {
  boost::json::error_code error;
  boost::json::value value = boost::json::parse(body, error);
  EXPECT_FALSE(error) << body;
  if (error || !value.is_object()) return {};
  return value.get_object();
}

std::string TestAnswer::whole() const {
  std::string text = std::to_string(status) + "\n";
  for (const auto& [key, value] : headers) text.append(key).append(": ").append(value).append("\n");
  return text + "\n" + body;
}

World::World(std::vector<std::string> cors_origins) {
  Dependencies dependencies{.recordings = recordings,
                            .hot = hot,
                            .calls = call_cases,
                            .webhooks = webhooks,
                            .businesses = businesses,
                            .access = access,
                            .audit = audit,
                            .find_webhook_codec = find_webhook_codec,
                            .clock = clock,
                            .events = events,
                            .health = {.readiness = {}, .metrics = [] { return std::string("tapedeck_up 1\n"); }},
                            .assets = kAssets};
  struct Readiness {
    static Task<Result<void>> look(const Result<void>* readiness) { co_return *readiness; }
  };
  dependencies.health.readiness.push_back({"call_store", [this] { return Readiness::look(&readiness); }});
  dependencies.health.readiness.push_back({"blob_store", [this] { return Readiness::look(&blob_readiness); }, true});
  ApplicationSettings settings;
  settings.public_url = kPublicUrl;
  settings.cors_origins = std::move(cors_origins);
  application = std::make_unique<Application>(std::move(dependencies), std::move(settings));
}

TestAnswer World::send(const TestRequest& request) {
  const Request view = request.view();
  std::optional<Response> response = application->try_handle(view);
  if (!response) response = run(application->handle(view));
  TestAnswer answer;
  answer.status = response->status;
  for (auto& [name, value] : response->headers) answer.headers.emplace_back(name, value);
  if (const auto* text = std::get_if<std::string>(&response->body)) answer.body = *text;
  if (const auto* text = std::get_if<StaticBody>(&response->body)) answer.body = text->bytes;
  if (const auto* blob = std::get_if<BlobBody>(&response->body)) {
    answer.body.resize(blob->length);
    const auto read = run(blob->blob->read(blob->offset, std::as_writable_bytes(std::span(answer.body))));
    EXPECT_EQ(read.value_or(0), blob->length);
  }
  return answer;
}

TestAnswer World::get(std::string target, std::string_view key) {
  return send(TestRequest("GET", std::move(target)).with_key(key));
}

std::string World::add_business(std::string_view id, int n) {
  Business business;
  business.id = business_id(id);
  business.account = AccountSid::parse(sid_text("AC", n)).value();
  business.auth_token = fmt::format("token-{}", n);
  EXPECT_TRUE(run(rows.put_business(std::move(business))).has_value());
  return run(access.create_key(business_id(id), "test")).value();
}

std::string World::add_operator() { return run(access.create_key({}, "operator")).value(); }

void World::add_call(std::string_view business, int call, int recording) {
  const Business owner = run(businesses.find(business_id(business))).value().value();
  CallUpdate update;
  update.call = CallSid::parse(sid_text("CA", call)).value();
  update.from = "+14155550100";
  update.to = "+14155550101";
  update.direction = CallDirection::kInbound;
  update.started_at = clock.system_now() + Seconds{call};
  update.duration_seconds = 42;
  update.recording = RecordingUpdate{RecordingSid::parse(sid_text("RE", recording)).value(), owner.account, 42};
  EXPECT_TRUE(run(rows.put_call(business_id(business), std::move(update), clock.system_now())).has_value());
}

void World::store(std::string_view business, std::string_view sid, std::string bytes) {
  const Sid name = Sid::parse(sid).value();
  EXPECT_TRUE(run(rows.want(business_id(business), name, Lane::kPlay, clock.system_now())).has_value());
  const Recording taken = run(rows.begin_attempt(business_id(business), name)).value().value();
  StoredAudio audio{.blob_key = fmt::format("{}/{}.mp3", business, sid),
                    .size_bytes = bytes.size(),
                    .content_type = "audio/mpeg",
                    .sha256 = sha256_hex(bytes),
                    .stored_at = clock.system_now()};
  blobs.put(audio.blob_key, std::move(bytes));
  EXPECT_TRUE(run(rows.commit_stored(taken.row_id, taken.fence, std::move(audio))).has_value());
}

void World::fail_for_good(std::string_view business, std::string_view sid, Cause cause, RecordingState state) {
  const Sid name = Sid::parse(sid).value();
  EXPECT_TRUE(run(rows.want(business_id(business), name, Lane::kPlay, clock.system_now())).has_value());
  const Recording taken = run(rows.begin_attempt(business_id(business), name)).value().value();
  AttemptFailure failure;
  failure.cause = std::move(cause);
  failure.final_state = state;
  EXPECT_TRUE(run(rows.fail_attempt(taken.row_id, taken.fence, std::move(failure))).has_value());
}

Recording World::recording(std::string_view business, std::string_view sid) {
  return run(rows.find_recording(business_id(business), Sid::parse(sid).value())).value().value();
}

std::string World::session_of(const std::string& key) {
  const TestAnswer answer = send(TestRequest("POST", "/api/session").with_json(fmt::format(R"({{"key":"{}"}})", key)));
  EXPECT_EQ(answer.status, 204U);
  const std::string cookie = answer.header("Set-Cookie");
  return cookie.substr(0, cookie.find(';'));
}

std::string World::csrf_of(const std::string& cookie) {
  const TestAnswer answer = send(TestRequest("GET", "/api/session").with("Cookie", cookie));
  EXPECT_EQ(answer.status, 200U);
  return std::string(answer.json().at("csrf_token").as_string());
}

}  // namespace tapedeck::http
