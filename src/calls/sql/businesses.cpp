#include "calls/sql/functions.hpp"
#include "calls/sql/rows.hpp"

#define TAPEDECK_BUSINESS_COLUMNS                                                                           \
  "id, account_sid, sealed_auth_token, download_limit, format, format_is_default, paused, retention_days, " \
  "delete_at_provider"

namespace tapedeck::sql {
namespace {

Result<Business> read_business(const Rows& row, const SecretBox& secrets) {
  Business business;
  business.id = read_id<BusinessId>(row, 0);
  business.account = read_id<AccountSid>(row, 1);
  const std::string sealed = row.text(2);
  if (!sealed.empty()) {
    auto opened = secrets.open(sealed, business.id.view());
    if (!opened) {
      return fail(Errc::kCorrupt, fmt::format("the provider credentials of business {} do not open: SECRET_KEY is not "
                                              "the one they were sealed with",
                                              business.id.view()));
    }
    business.auth_token = std::move(*opened);
  }
  business.limit = static_cast<int>(row.integer(3));
  business.format = read_name(row, 4, parse_format);
  business.format_is_default = row.boolean(5);
  business.paused = row.boolean(6);
  business.retention_days = static_cast<int>(row.integer(7));
  business.delete_at_provider = row.boolean(8);
  return business;
}

}  // namespace

Result<PutOutcome> put_business(Session& session, const SecretBox& secrets, const Business& business) {
  std::string sealed;
  if (!business.auth_token.empty()) {
    auto result = secrets.seal(business.auth_token, business.id.view());
    if (!result) return fail(result.error());
    sealed = std::move(*result);
  }
  const auto put = [&](Sql sql) {
    return session.run(sql, business.id, business.account, sealed, business.limit, format_name(business.format),
                       business.format_is_default, business.paused, business.retention_days,
                       business.delete_at_provider);
  };
  const std::int64_t added = put("INSERT INTO businesses (" TAPEDECK_BUSINESS_COLUMNS
                                 ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (id) DO NOTHING");
  if (added > 0) return PutOutcome::kCreated;
  put("UPDATE businesses SET account_sid = ?2, sealed_auth_token = ?3, download_limit = ?4, format = ?5,"
      " format_is_default = ?6, paused = ?7, delete_at_provider = ?9,"
      " rescheduled_to = CASE WHEN retention_days = ?8 THEN rescheduled_to ELSE '' END, retention_days = ?8"
      " WHERE id = ?1");
  return PutOutcome::kChanged;
}

Result<std::optional<Business>> find_business(Session& session, const SecretBox& secrets, const BusinessId& id) {
  Rows row = session.query("SELECT " TAPEDECK_BUSINESS_COLUMNS " FROM businesses WHERE id = ?1", id);
  if (!row.next()) return std::nullopt;
  auto business = read_business(row, secrets);
  if (!business) return fail(business.error());
  return std::move(*business);
}

Result<std::vector<Business>> list_businesses(Session& session, const SecretBox& secrets) {
  std::vector<Business> all;
  Rows rows = session.query("SELECT " TAPEDECK_BUSINESS_COLUMNS " FROM businesses ORDER BY id");
  while (rows.next()) {
    auto business = read_business(rows, secrets);
    if (!business) return fail(business.error());
    all.push_back(std::move(*business));
  }
  return all;
}

}  // namespace tapedeck::sql
