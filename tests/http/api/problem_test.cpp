#include "http/api/problem.hpp"

#include <set>

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

namespace tapedeck::http {
namespace {

boost::json::object body_of(const Response& response) {
  return boost::json::parse(std::get<std::string>(response.body)).as_object();
}

TEST(ProblemTest, every_type_has_its_own_slug_and_an_error_status) {
  std::set<std::string_view> slugs;
  for (const ProblemType& type : problem_types()) {
    EXPECT_TRUE(slugs.insert(type.slug).second) << type.slug;
    EXPECT_GE(type.status, 400U);
    EXPECT_EQ(&problem_type(type.kind), &type);
  }
}

TEST(ProblemTest, errors_of_operation_have_their_status) {
  const std::pair<Errc, unsigned> table[] = {
      {Errc::kInvalidArgument, 400}, {Errc::kUnauthenticated, 401},
      {Errc::kForbidden, 403},       {Errc::kNotFound, 404},
      {Errc::kConflict, 409},        {Errc::kTooLarge, 413},
      {Errc::kInternal, 500},        {Errc::kCorrupt, 502},
      {Errc::kUnavailable, 503},     {Errc::kIo, 503},
      {Errc::kNoSpace, 503},         {Errc::kReadOnly, 503},
      {Errc::kTimedOut, 503},
  };
  for (const auto& [code, status] : table) {
    EXPECT_EQ(problem_type(to_problem(Error(code, "detail")).kind).status, status) << errc_name(code);
  }
}

TEST(ProblemTest, a_document_has_the_members_of_rfc9457) {
  const Response response = to_response({.kind = ProblemKind::kNotFound, .detail = "there is no such recording"}, "/a");
  EXPECT_EQ(response.status, 404U);
  EXPECT_EQ(response.headers.front().second, "application/problem+json");
  const boost::json::object body = body_of(response);
  EXPECT_EQ(body.at("type").as_string(), "/docs/problems#not-found");
  EXPECT_EQ(body.at("title").as_string(), "Not found");
  EXPECT_EQ(body.at("status").as_int64(), 404);
  EXPECT_EQ(body.at("detail").as_string(), "there is no such recording");
  EXPECT_EQ(body.at("instance").as_string(), "/a");
}

TEST(ProblemTest, a_failure_of_ours_keeps_its_inner_detail_for_the_log) {
  const Problem problem = to_problem(Error(Errc::kNoSpace, "/var/lib/tapedeck: no space"));
  EXPECT_EQ(problem.log_detail, "disk_full: /var/lib/tapedeck: no space");
  EXPECT_EQ(std::get<std::string>(to_response(problem, "/").body).find("/var/lib"), std::string::npos);
}

TEST(ProblemTest, an_ill_formed_path_is_clean_in_the_document) {
  const Response response = to_response({.kind = ProblemKind::kNotFound, .detail = "x"}, "/a\xFF\n\"");
  EXPECT_EQ(body_of(response).at("instance").as_string(), "/a\xEF\xBF\xBD\"");
}

}  // namespace
}  // namespace tapedeck::http
