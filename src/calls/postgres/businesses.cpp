#include "calls/postgres/businesses.hpp"

#include "calls/postgres/rows.hpp"

namespace tapedeck::postgres {
namespace {

#define TAPEDECK_BUSINESS_COLUMNS                                                                           \
  "id, account_sid, sealed_auth_token, download_limit, format, format_is_default, paused, retention_days, " \
  "delete_at_provider"

Result<Business> read_business(const Row& row, const SecretBox& secrets) {
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

Result<PutOutcome> put_business(Database& database, const SecretBox& secrets, const Business& business) {
  std::string sealed;
  if (!business.auth_token.empty()) {
    auto result = secrets.seal(business.auth_token, business.id.view());
    if (!result) return fail(result.error());
    sealed = std::move(*result);
  }
  // xmax is zero in a row that nobody has changed, so in one that was inserted just now.
  const ResultRows rows = database.query(
      "INSERT INTO businesses (" TAPEDECK_BUSINESS_COLUMNS
      ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
      " ON CONFLICT (id) DO UPDATE SET account_sid = $2, sealed_auth_token = $3, download_limit = $4, format = $5,"
      " format_is_default = $6, paused = $7, delete_at_provider = $9, rescheduled_to = CASE"
      " WHEN businesses.retention_days = $8 THEN businesses.rescheduled_to ELSE '' END, retention_days = $8 RETURNING "
      "xmax = 0",
      business.id, business.account, sealed, business.limit, format_name(business.format), business.format_is_default,
      business.paused, business.retention_days, business.delete_at_provider);
  return rows.front().boolean(0) ? PutOutcome::kCreated : PutOutcome::kChanged;
}

Result<std::optional<Business>> find_business(Database& database, const SecretBox& secrets, const BusinessId& id) {
  const ResultRows rows = database.query("SELECT " TAPEDECK_BUSINESS_COLUMNS " FROM businesses WHERE id = $1", id);
  if (rows.empty()) return std::nullopt;
  auto business = read_business(rows.front(), secrets);
  if (!business) return fail(business.error());
  return std::move(*business);
}

Result<std::vector<Business>> list_businesses(Database& database, const SecretBox& secrets) {
  std::vector<Business> all;
  const ResultRows rows = database.query("SELECT " TAPEDECK_BUSINESS_COLUMNS " FROM businesses ORDER BY id");
  for (const Row row : rows) {
    auto business = read_business(row, secrets);
    if (!business) return fail(business.error());
    all.push_back(std::move(*business));
  }
  return all;
}

}  // namespace tapedeck::postgres
