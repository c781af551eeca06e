#include "main/setting_table.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <fmt/format.h>
#include <boost/asio/ip/address.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "base/encoding.hpp"
#include "base/secret_box.hpp"
#include "blobs/s3/location.hpp"
#include "calls/postgres/connection_string.hpp"
#include "redis/url.hpp"
#include "slots/protocol/slot_protocol.hpp"

namespace tapedeck {
namespace {

/// Below this limit a few slow downloads delay every business.
constexpr int kDownloadsComfortable = 8;
/// Twilio's auth tokens have 32 characters today. The length is not documented, so longer ones are accepted.
constexpr std::size_t kAuthTokenMax = 256;
/// Most origins in CORS_ORIGINS.
constexpr std::size_t kOriginsMax = 100;

std::unexpected<Error> refuse(std::string what) { return fail(Errc::kInvalidArgument, std::move(what)); }

Result<std::int64_t> parse_number(const Setting& setting, std::string_view text) {
  std::int64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) {
    return refuse(fmt::format("expected a whole number, {}", range_of(setting)));
  }
  if (value < setting.least || value > setting.most) return refuse(fmt::format("expected {}", range_of(setting)));
  return value;
}

template <auto kMember>
Result<void> apply_number(const Setting& setting, std::string_view text, Settings& settings) {
  const auto value = parse_number(setting, text);
  if (!value) return fail(value.error());
  settings.*kMember = static_cast<std::remove_cvref_t<decltype(settings.*kMember)>>(*value);
  return {};
}

template <auto kMember, auto kParse>
Result<void> apply_choice(const Setting& setting, std::string_view text, Settings& settings) {
  const auto value = kParse(text);
  if (!value) return refuse(fmt::format("expected one of: {}", setting.choices));
  settings.*kMember = *value;
  return {};
}

Result<void> apply_listen(const Setting&, std::string_view text, Settings& settings) {
  const auto wrong = [] { return refuse("expected ADDRESS:PORT with a numeric address, IPv6 in brackets"); };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong();
  std::string host(text.substr(0, colon));
  if (host == "localhost") host = "127.0.0.1";
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  boost::system::error_code problem;
  const auto address = boost::asio::ip::make_address(host, problem);
  if (problem || address.is_v6() != bracketed) return wrong();
  const std::string_view port_text = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto parsed = std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
  if (parsed.ec != std::errc{} || parsed.ptr != port_text.data() + port_text.size()) return wrong();
  settings.listen = {std::move(host), port};
  return {};
}

// Accepts an absolute http or https URL without user, query and fragment; removes a slash at its end.
Result<std::string> parse_http_url(std::string_view text) {
  const auto url = boost::urls::parse_uri(text);
  if (!url || (url->scheme() != "https" && url->scheme() != "http") || url->host().empty()) {
    return refuse("expected a URL that begins with https:// or http://");
  }
  if (url->has_userinfo() || url->has_query() || url->has_fragment()) {
    return refuse("expected a URL without user, query and fragment");
  }
  while (text.ends_with('/')) text.remove_suffix(1);
  return std::string(text);
}

bool is_loopback(std::string_view url) {
  const auto parsed = boost::urls::parse_uri(url);
  if (!parsed) return false;
  boost::system::error_code problem;
  const auto address = boost::asio::ip::make_address(parsed->host_address(), problem);
  return parsed->host() == "localhost" || (!problem && address.is_loopback());
}

void warn_of_plain_http(const Setting& setting, std::string_view url, std::string_view risk, Settings& settings) {
  if (!url.starts_with("http:") || is_loopback(url)) return;
  settings.warnings.push_back(
      fmt::format("{}: {} is not https, so others on the way can read {}", setting.name, url, risk));
}

Result<void> apply_public_url(const Setting& setting, std::string_view text, Settings& settings) {
  auto url = parse_http_url(text);
  if (!url) return fail(url.error());
  warn_of_plain_http(setting, *url, "recordings and keys", settings);
  settings.public_url = std::move(*url);
  return {};
}

Result<void> apply_provider_url(const Setting& setting, std::string_view text, Settings& settings) {
  auto url = parse_http_url(text);
  if (!url) return fail(url.error());
  warn_of_plain_http(setting, *url, "the auth token", settings);
  settings.provider_url = std::move(*url);
  return {};
}

// An origin is scheme, host and port (RFC 6454 §6.2). It is compared byte by byte with the browser's header.
Result<void> apply_cors_origins(const Setting&, std::string_view text, Settings& settings) {
  std::vector<std::string> origins;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    std::string_view origin = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    while (origin.starts_with(' ')) origin.remove_prefix(1);
    while (origin.ends_with(' ')) origin.remove_suffix(1);
    const auto url = parse_http_url(origin);
    if (!url || *url != origin || origin.find('/', origin.find("//") + 2) != std::string_view::npos) {
      return refuse("expected origins, separated by commas: scheme, host and optional port, nothing more");
    }
    origins.emplace_back(origin);
  }
  if (origins.size() > kOriginsMax) return refuse(fmt::format("expected at most {} origins", kOriginsMax));
  settings.cors_origins = std::move(origins);
  return {};
}

Result<void> apply_data_dir(const Setting&, std::string_view text, Settings& settings) {
  std::filesystem::path path(text);
  if (!path.has_filename()) path = path.parent_path();  // removes a slash at its end
  settings.data_dir = std::move(path);
  return {};
}

template <auto kMember>
Result<void> apply_switch(const Setting&, std::string_view text, Settings& settings) {
  if (text != "true" && text != "false" && text != "1" && text != "0") return refuse("expected true or false");
  settings.*kMember = text == "true" || text == "1";
  return {};
}

Result<void> apply_downloads(const Setting& setting, std::string_view text, Settings& settings) {
  auto applied = apply_number<&Settings::downloads_max>(setting, text, settings);
  if (applied && settings.downloads_max < kDownloadsComfortable) {
    settings.warnings.push_back(fmt::format("{}={} is low: below {}, a few slow downloads delay every business",
                                            setting.name, settings.downloads_max, kDownloadsComfortable));
  }
  return applied;
}

Result<void> apply_account(const Setting&, std::string_view text, Settings& settings) {
  auto account = AccountSid::parse(text);
  if (!account) return fail(account.error());
  settings.account = std::move(*account);
  return {};
}

Result<void> apply_auth_token(const Setting&, std::string_view text, Settings& settings) {
  const bool printable = std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
  if (!printable || text.size() > kAuthTokenMax)
    return refuse("expected the auth token from the provider's console, without spaces");
  settings.auth_token = text;
  return {};
}

Result<void> apply_secret_key(const Setting&, std::string_view text, Settings& settings) {
  auto key = from_base64(text);
  if (!key || key->size() != kSecretKeyBytes) return refuse("expected 32 bytes in base64: 44 characters");
  settings.secret_key = std::move(*key);
  return {};
}

Result<void> apply_redis_url(const Setting&, std::string_view text, Settings& settings) {
  auto url = redis::parse_url(text);
  if (!url) return fail(url.error());
  settings.redis_url = text;
  return {};
}

Result<void> apply_database_url(const Setting&, std::string_view text, Settings& settings) {
  const auto where = postgres::ConnectionString::parse(text);
  if (!where) return fail(where.error());
  settings.database_url = text;
  return {};
}

Result<void> apply_storage_url(const Setting& setting, std::string_view text, Settings& settings) {
  const auto location = s3::parse_location(text, "");
  if (!location) return fail(location.error());
  warn_of_plain_http(setting, endpoint_text(location->endpoint), "recordings", settings);
  settings.storage_url = text;
  return {};
}

std::optional<Delivery> parse_delivery(std::string_view text) {
  if (text == "stream") return Delivery::kStream;
  if (text == "redirect") return Delivery::kRedirect;
  return std::nullopt;
}

Result<void> apply_shutdown_grace(const Setting& setting, std::string_view text, Settings& settings) {
  const auto value = parse_number(setting, text);
  if (!value) return fail(value.error());
  settings.shutdown_grace = Seconds{*value};
  return {};
}

constexpr std::array kSettings{
    Setting{"LISTEN", SettingType::kAddress, "", "127.0.0.1:8080", 0, 0, "",
            "Address that the server listens on. Port 0: any free port.", "0.0.0.0:8080", apply_listen},
    Setting{"PUBLIC_URL", SettingType::kUrl, "", "", 0, 0, "",
            "URL by which browsers and the provider reach this server. Webhook signatures cover it.",
            "https://calls.example.com", apply_public_url},
    Setting{"CORS_ORIGINS", SettingType::kUrlList, "", "", 0, 0, "",
            "Origins of other pages that may call this server from a browser, separated by commas.",
            "https://app.example.com", apply_cors_origins},
    Setting{"DATA_DIR", SettingType::kPath, "", "./data", 0, 0, "",
            "Directory of the database, the recordings and the key.", "/var/lib/tapedeck", apply_data_dir},
    Setting{"DATABASE_URL", SettingType::kUrl, "", "", 0, 0, "",
            "PostgreSQL for the call store. Empty: SQLite in DATA_DIR. Requires REDIS_URL and SECRET_KEY.",
            "postgresql://tapedeck:password@127.0.0.1:5432/tapedeck", apply_database_url},
    Setting{
        "STORAGE_URL", SettingType::kUrl, "", "", 0, 0, "",
        "Bucket of S3, R2 or a compatible store for the recordings. Empty: files in DATA_DIR. Credentials come from "
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or from the shared credentials file.",
        "s3://recordings/prefix?endpoint=https://ACCOUNT.r2.cloudflarestorage.com&region=auto", apply_storage_url},
    Setting{
        "STORAGE_DELIVERY", SettingType::kChoice, "", "stream", 0, 0, "stream, redirect",
        "With STORAGE_URL: stream recordings through this server, or redirect to a signed link of the object store.",
        "redirect", apply_choice<&Settings::delivery, parse_delivery>},
    Setting{"REDIS_URL", SettingType::kUrl, "", "", 0, 0, "",
            "Redis for the slots that several processes share. Empty: slots in the process. Also rediss://, unix://, "
            "redis+sentinel:// and redis+cluster://.",
            "redis://127.0.0.1:6379/0", apply_redis_url},
    Setting{"ENABLE_SCHEDULERS", SettingType::kSwitch, "", "false", 0, 0, "",
            "With REDIS_URL: true makes this process a worker, false an API. Without REDIS_URL a process is both.",
            "true", apply_switch<&Settings::is_worker>},
    Setting{"MAX_CONCURRENT_DOWNLOADS", SettingType::kNumber, "", "64", 1, 4096, "",
            "Most downloads at once in this process, over all businesses. A quarter is reserved for the play lane.",
            "64", apply_downloads},
    Setting{"MAX_SLOTS_PER_BUSINESS", SettingType::kNumber, "", "3", 1, kSlotLimitMax, "",
            "Most downloads at once of a business without a limit of its own.", "3",
            apply_number<&Settings::slots_per_business>},
    Setting{"TWILIO_ACCOUNT_SID", SettingType::kAccountSid, "", "", 0, 0, "",
            "Provider account of businesses without an account of their own.", "AC0123456789abcdef0123456789abcdef",
            apply_account},
    Setting{"TWILIO_AUTH_TOKEN", SettingType::kSecret, "", "", 0, 0, "", "Auth token of TWILIO_ACCOUNT_SID.",
            "(from the provider's console)", apply_auth_token},
    Setting{"TWILIO_BASE_URL", SettingType::kUrl, "", "https://api.twilio.com", 0, 0, "",
            "The provider's API. Plain http and private addresses are allowed only when this is set.",
            "https://api.dublin.ie1.twilio.com", apply_provider_url},
    Setting{"RECONCILE_LISTING", SettingType::kSwitch, "", "true", 0, 0, "",
            "Workers search the provider's list for recordings whose webhook never came, and fetch them.", "false",
            apply_switch<&Settings::lists_provider>},
    Setting{"RECORDING_FORMAT", SettingType::kChoice, "", "mp3", 0, 0, "mp3, wav, wav-dual",
            "Format of businesses without a format of their own. wav-dual has a channel for each party.", "mp3",
            apply_choice<&Settings::format, parse_format>},
    Setting{"PEAKS_THREADS", SettingType::kNumber, "", "1", 0, 64, "",
            "Recordings that a worker decodes at the same time, for durations and waveforms. 0: none.", "2",
            apply_number<&Settings::peaks_threads>},
    Setting{
        "SECRET_KEY", SettingType::kSecret, "", "", 0, 0, "",
        "32 bytes in base64, which seal the stored provider credentials and sign links and sessions. Empty: a key in "
        "DATA_DIR, created at the first start.",
        "(from: head -c 32 /dev/urandom | base64)", apply_secret_key},
    Setting{"LOG_FORMAT", SettingType::kChoice, "", "text", 0, 0, "text, json", "Format of the log on stderr.", "json",
            apply_choice<&Settings::log_format, parse_log_format>},
    Setting{"LOG_LEVEL", SettingType::kChoice, "", "info", 0, 0, "debug, info, warning, error",
            "Lowest severity that is logged.", "warning", apply_choice<&Settings::log_level, parse_severity>},
    Setting{"HTTP_LOOPS", SettingType::kNumber, "", "0", 0, 256, "", "Event loops of the server. 0: one for each core.",
            "4", apply_number<&Settings::http_loops>},
    Setting{"MAX_CONNECTIONS", SettingType::kNumber, "", "10000", 1, 1'000'000, "",
            "Most connections at once. A further one is answered 503.", "10000",
            apply_number<&Settings::connections_max>},
    Setting{"SHUTDOWN_GRACE", SettingType::kNumber, "s", "10", 0, 3600, "",
            "Time that a stopping server gives running responses and downloads; downloads get all but its last 3 s.",
            "30", apply_shutdown_grace},
};

}  // namespace

std::span<const Setting> setting_table() { return kSettings; }

const Setting* find_setting(std::string_view name) {
  const auto* found = std::ranges::find(kSettings, name, &Setting::name);
  return found == kSettings.end() ? nullptr : found;
}

std::string flag_of(const Setting& setting) {
  std::string flag = "--";
  for (const char c : setting.name) flag += c == '_' ? '-' : static_cast<char>(c - 'A' + 'a');
  return flag;
}

std::string range_of(const Setting& setting) {
  switch (setting.type) {
    case SettingType::kNumber:
      return fmt::format("{} to {}{}{}", setting.least, setting.most, setting.unit.empty() ? "" : " ", setting.unit);
    case SettingType::kChoice: return std::string(setting.choices);
    case SettingType::kSwitch: return "true, false";
    case SettingType::kAddress: return "address:port";
    case SettingType::kUrl: return "URL";
    case SettingType::kUrlList: return "origins";
    case SettingType::kPath: return "path";
    case SettingType::kAccountSid: return "AC and 32 hexadecimal digits";
    case SettingType::kSecret: return "secret";
  }
  return {};
}

std::string shown(const Setting& setting, std::string_view text) {
  if (text.empty()) return {};
  if (setting.type == SettingType::kSecret) return "***";
  // A URL is made of its parts again: what is cut out of a text leaves a part of a password sooner or later.
  if (setting.name == "DATABASE_URL") {
    const auto where = postgres::ConnectionString::parse(text);
    return where ? where->whole() : "***";
  }
  if (setting.name == "REDIS_URL") {
    const auto where = redis::parse_url(text);
    return where ? redis::url_text(*where) : "***";
  }
  return text.contains('@') ? "***" : std::string(text);
}

std::string_view role_name(Role role) noexcept {
  constexpr std::array<std::string_view, 3> kNames{"api and worker", "api", "worker"};  // in the order of Role
  return kNames[static_cast<std::size_t>(role)];
}

}  // namespace tapedeck
