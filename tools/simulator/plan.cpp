#include "plan.hpp"

#include <array>

#include <fmt/format.h>
#include <boost/json.hpp>

namespace tapedeck::simulator {
namespace {

struct KnownError {
  int status;
  int code;
  std::string_view message;
};

// Codes from Twilio's error dictionary (www.twilio.com/docs/api/errors); those of 403, 409 and 410 are our guess.
constexpr std::array kKnownErrors{
    KnownError{400, 20001, "Bad request"},
    KnownError{401, 20003, "Authentication Error - invalid username"},
    KnownError{403, 20403, "Forbidden"},
    KnownError{404, 20404, "The requested resource was not found"},
    KnownError{405, 20004, "Method not allowed"},
    KnownError{409, 20409, "The resource cannot be changed in its present state"},
    KnownError{410, 20410, "The requested resource is gone"},
    KnownError{429, 20429, "Too Many Requests"},
    KnownError{503, 20503, "Service is unavailable. Please try again"},
};
constexpr KnownError kOtherClientError{400, 20001, "Bad request"};
constexpr KnownError kOtherServerError{500, 20500, "Internal Server Error"};

}  // namespace

Plan rest_exception(int status, int code, std::string_view message) {
  boost::json::object body;
  body["code"] = code;
  body["message"] = message;
  body["more_info"] = fmt::format("https://www.twilio.com/docs/errors/{}", code);
  body["status"] = status;
  Plan plan = json_plan(status, boost::json::serialize(body));
  if (status == 401) plan.headers.emplace_back("WWW-Authenticate", "Basic realm=\"Twilio API\"");
  if (status == 429) plan.headers.emplace_back("Twilio-Concurrent-Requests", "1");
  return plan;
}

Plan rest_exception(int status) {
  for (const KnownError& known : kKnownErrors) {
    if (known.status == status) return rest_exception(status, known.code, known.message);
  }
  const KnownError& other = status >= 500 ? kOtherServerError : kOtherClientError;
  return rest_exception(status, other.code, other.message);
}

Plan json_plan(int status, std::string text) {
  Plan plan;
  plan.status = status;
  plan.body = Body::of_text(std::move(text));
  return plan;
}

Plan no_content() {
  Plan plan;
  plan.status = 204;
  plan.content_type.clear();
  plan.body = Body::of_text("");
  return plan;
}

}  // namespace tapedeck::simulator
