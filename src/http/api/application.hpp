#pragma once

#include <optional>
#include <string>

#include "http/api/cors.hpp"
#include "http/api/dependencies.hpp"
#include "http/api/problem.hpp"
#include "http/server/message.hpp"
#include "http/server/static_files.hpp"

namespace tapedeck::http {

/// Answers every request: finds its route, checks the caller, and gives each answer the headers that all have. The
/// routes themselves are in resources.hpp. Thread-safe.
class Application final : public Handler {
 public:
  Application(Dependencies dependencies, ApplicationSettings settings);

  [[nodiscard]] std::optional<Response> try_handle(const Request& request) override;
  [[nodiscard]] Task<Response> handle(const Request& request) override;
  [[nodiscard]] Response answer_failure(const Request& request, const Error& error) override;

 private:
  [[nodiscard]] Task<Answer> dispatch(const Request& request);
  /// The page's files, the documents, OPTIONS, 404 and 405.
  [[nodiscard]] Answer answer_unrouted(const Request& request, const std::string& allowed) const;
  /// The problem's document; a failure of ours is logged.
  [[nodiscard]] Response refused(const Request& request, const Problem& problem) const;
  [[nodiscard]] Response complete(const Request& request, Response response) const;

  const Dependencies dependencies_;
  const ApplicationSettings settings_;
  const Cors cors_;
  const std::string content_security_policy_;
  const StaticFiles files_;
  const StaticFiles documents_;
};

}  // namespace tapedeck::http
