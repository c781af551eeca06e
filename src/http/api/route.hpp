#pragma once

#include <optional>
#include <string_view>
#include <variant>

#include <boost/beast/http/verb.hpp>

#include "base/form.hpp"
#include "domain/ids.hpp"
#include "http/api/dependencies.hpp"
#include "http/api/problem.hpp"
#include "http/server/message.hpp"

namespace tapedeck::http {

/// Who may use a route. Each route has a row in tests/http/api/access_matrix_test.cpp, which proves it.
enum class Needs {
  kNothing,         ///< anyone; a webhook checks its signature by itself
  kCaller,          ///< a key or a session
  kBusiness,        ///< a key or a session, and the business that it acts for
  kBusinessOrLink,  ///< the same, or a signed link to the recording in the path
};

/// A request on its way through a route, with what may answer it.
struct Exchange {
  const Request& request;
  const Dependencies& dependencies;
  const ApplicationSettings& settings;
  Form query{};
  Caller caller{};        ///< from Needs::kCaller on
  BusinessId business{};  ///< from Needs::kBusiness on
};

/// What a path's "{…}" holds; a path has one at most. The business of a webhook is empty if its id is malformed: a
/// malformed id, an unknown business and a wrong signature must look the same.
using PathParameter = std::variant<std::monostate, Sid, CallSid, std::optional<BusinessId>>;

// A route's handler, by what its path names. The router parses it, and refuses a malformed SID in one way everywhere.
using RunPlain = Task<Answer> (*)(const Exchange&);
using RunForSid = Task<Answer> (*)(const Exchange&, Sid);                             ///< "{sid}"
using RunForCall = Task<Answer> (*)(const Exchange&, CallSid);                        ///< "{call_sid}"
using RunForBusiness = Task<Answer> (*)(const Exchange&, std::optional<BusinessId>);  ///< "{business_id}"

/// One row of the table of routes. Its path and method have an entry in openapi.json.
struct Route {
  boost::beast::http::verb method;
  std::string_view pattern;  ///< "/api/recordings/{sid}/stream"
  Needs needs;
  std::variant<RunPlain, RunForSid, RunForCall, RunForBusiness> run;
  bool also_head = true;  ///< a GET that also answers HEAD, because it changes nothing
};

}  // namespace tapedeck::http
