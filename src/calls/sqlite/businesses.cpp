#include "calls/sqlite/businesses.hpp"

#include "calls/sqlite/rows.hpp"

namespace tapedeck::sqlite {
namespace {

#define TAPEDECK_BUSINESS_COLUMNS                                                                           \
  "id, account_sid, sealed_auth_token, download_limit, format, format_is_default, paused, retention_days, " \
  "delete_at_provider"

Result<Business> read_business(const Statement& row, const SecretBox& secrets) {
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
  business.format_is_default = row.integer(5) != 0;
  business.paused = row.integer(6) != 0;
  business.retention_days = static_cast<int>(row.integer(7));
  business.delete_at_provider = row.integer(8) != 0;
  return business;
}

}  // namespace

Result<PutOutcome> put_business(Database& database, const SecretBox& secrets, const Business& business) {
  std::string sealed;
  if (!business.auth_token.empty()) {
    auto result = secrets.seal(business.auth_token, business.id.view());
    if (!result) return fail(result.error());
    sealed = std::move(*result);
  }
  const bool is_known = business_exists(database, business.id);
  database.run(
      "INSERT INTO businesses (" TAPEDECK_BUSINESS_COLUMNS
      ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
      " ON CONFLICT (id) DO UPDATE SET account_sid = ?2, sealed_auth_token = ?3, download_limit = ?4, format = ?5,"
      " format_is_default = ?6, paused = ?7, delete_at_provider = ?9,"
      " rescheduled_to = iif(retention_days = ?8, rescheduled_to, ''), retention_days = ?8",
      business.id, business.account, sealed, business.limit, format_name(business.format), business.format_is_default,
      business.paused, business.retention_days, business.delete_at_provider);
  return is_known ? PutOutcome::kChanged : PutOutcome::kCreated;
}

Result<std::optional<Business>> find_business(Database& database, const SecretBox& secrets, const BusinessId& id) {
  Statement row = database.query("SELECT " TAPEDECK_BUSINESS_COLUMNS " FROM businesses WHERE id = ?1", id);
  if (!row.step()) return std::nullopt;
  auto business = read_business(row, secrets);
  if (!business) return fail(business.error());
  return std::move(*business);
}

Result<std::vector<Business>> list_businesses(Database& database, const SecretBox& secrets) {
  std::vector<Business> all;
  Statement rows = database.query("SELECT " TAPEDECK_BUSINESS_COLUMNS " FROM businesses ORDER BY id");
  while (rows.step()) {
    auto business = read_business(rows, secrets);
    if (!business) return fail(business.error());
    all.push_back(std::move(*business));
  }
  return all;
}

}  // namespace tapedeck::sqlite
