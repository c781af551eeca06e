#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/form.hpp"
#include "http/api/authentication.hpp"
#include "http/api/cors.hpp"
#include "http/api/problem.hpp"
#include "http/api/services.hpp"
#include "http/server/message.hpp"
#include "http/server/static_files.hpp"

namespace tapedeck::http {

/// What a route needs to know of its caller before it runs.
enum class Needs {
  kNothing,         ///< open, or the route checks by itself (webhooks)
  kCaller,          ///< a key or a session
  kBusiness,        ///< and the business it acts for
  kBusinessOrLink,  ///< or a signed link to the recording in the path
};

/// A request on its way through a route.
struct Exchange {
  const Request& request;
  std::string parameter;  ///< the path's {…}, decoded; a path has one at most
  Form query;
  Caller caller;        ///< from Needs::kCaller on
  BusinessId business;  ///< from Needs::kBusiness on
};

class Application;

/// One line of the table of routes.
struct Route {
  using Run = Task<Answer> (Application::*)(const Exchange&);
  boost::beast::http::verb method;
  std::string_view pattern;  ///< "/api/recordings/{sid}/stream"
  Needs needs;
  Run run;
  bool also_head = true;  ///< a GET that answers HEAD, too: it changes nothing
};

/// Answers everything: routes, credentials, problems, the headers that every answer has. Thread-safe.
class Application final : public Handler {
 public:
  Application(Services services, ApplicationSettings settings);

  [[nodiscard]] std::optional<Response> try_handle(const Request& request) override;
  [[nodiscard]] Task<Response> handle(const Request& request) override;
  [[nodiscard]] Response answer_failure(const Request& request, const Error& error) override;

 private:
  friend struct RouteTable;

  // application.cpp: from a request to its route, and from an answer to what is sent.
  [[nodiscard]] Task<Answer> dispatch(const Request& request);
  [[nodiscard]] Task<std::expected<void, Problem>> identify(Exchange& exchange, Needs needs);
  [[nodiscard]] Answer answer_unrouted(const Request& request, const std::string& allowed) const;
  void complete(const Request& request, Response& response) const;
  void log_failure(const Request& request, const Problem& problem) const;

  // recording_routes.cpp
  [[nodiscard]] Task<Answer> get_stream(const Exchange& exchange);
  [[nodiscard]] Task<Answer> get_status(const Exchange& exchange);
  [[nodiscard]] Task<Answer> post_retry(const Exchange& exchange);
  [[nodiscard]] Task<Answer> post_cancel(const Exchange& exchange);
  [[nodiscard]] Task<Answer> post_link(const Exchange& exchange);
  [[nodiscard]] Task<Answer> post_hold(const Exchange& exchange);
  [[nodiscard]] Task<Answer> delete_hold(const Exchange& exchange);
  [[nodiscard]] Task<Answer> delete_recording(const Exchange& exchange);
  [[nodiscard]] Task<Answer> get_queue(const Exchange& exchange);
  /// The answer of stream and retry for what is not stored.
  [[nodiscard]] Answer not_stored(const RecordingView& view) const;
  [[nodiscard]] Response media(const Request& request, const HotRecording& hot, const Caller& caller, bool download);
  [[nodiscard]] Response redirected(const Request& request, const HotRecording& hot, Response response);

  // peaks_route.cpp
  [[nodiscard]] Task<Answer> get_peaks(const Exchange& exchange);

  // call_routes.cpp
  [[nodiscard]] Task<Answer> get_calls(const Exchange& exchange);
  [[nodiscard]] Task<Answer> put_call(const Exchange& exchange);

  // session_routes.cpp
  [[nodiscard]] Task<Answer> get_session(const Exchange& exchange);
  [[nodiscard]] Task<Answer> post_session(const Exchange& exchange);
  [[nodiscard]] Task<Answer> delete_session(const Exchange& exchange);
  [[nodiscard]] Task<Answer> get_login(const Exchange& exchange);
  [[nodiscard]] std::string session_cookie_header(std::string_view value, Seconds age) const;

  // webhook_routes.cpp
  [[nodiscard]] Task<Answer> post_recording_event(const Exchange& exchange);
  [[nodiscard]] Task<Answer> post_call_event(const Exchange& exchange);
  /// What the provider signed for this business. The refusal is the same for every reason not to believe it.
  struct Webhook {
    BusinessId business;
    const WebhookCodec& codec;
    WebhookRequest request;  ///< borrows the exchange's request
  };
  [[nodiscard]] Task<std::expected<Webhook, Problem>> verified_webhook(const Exchange& exchange);

  // system_routes.cpp
  [[nodiscard]] Task<Answer> get_health(const Exchange& exchange);
  [[nodiscard]] Task<Answer> get_readiness(const Exchange& exchange);
  [[nodiscard]] Task<Answer> get_metrics(const Exchange& exchange);

  Services services_;
  const ApplicationSettings settings_;
  Authentication authentication_;
  const Cors cors_;
  const std::string content_security_policy_;
  const StaticFiles files_;
  const StaticFiles documents_;
};

}  // namespace tapedeck::http
