#include "blobs/s3/sigv4.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/encoding.hpp"

namespace tapedeck {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

std::string encode(std::string_view text, bool keeps_slashes) {
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c) || (keeps_slashes && c == '/')) {
      encoded += c;
    } else {
      fmt::format_to(std::back_inserter(encoded), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

// RFC 3986 §5.2.4, and one slash where there are several.
std::string normalize(std::string_view path) {
  std::vector<std::string_view> parts;
  std::string_view rest = path;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
  }
  std::string normal;
  for (const std::string_view part : parts) normal.append("/").append(part);
  if (normal.empty() || path.ends_with('/')) normal += '/';
  return normal;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return result;
}

// Without white space at the ends, and a single space for each run within, a folded line's end included.
std::string squeeze(std::string_view value) {
  std::string result;
  for (const char c : value) {
    const bool is_space = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!is_space) {
      result += c;
    } else if (!result.empty() && result.back() != ' ') {
      result += ' ';
    }
  }
  if (result.ends_with(' ')) result.pop_back();
  return result;
}

// Names in lower case and in order; values of one name joined in the order they came.
std::map<std::string, std::string> canonical_headers(const Sigv4Fields& headers) {
  std::map<std::string, std::string> canonical;
  for (const auto& [name, value] : headers) {
    const auto [entry, is_new] = canonical.try_emplace(lower(name), squeeze(value));
    if (!is_new) entry->second.append(",").append(squeeze(value));
  }
  return canonical;
}

std::string names_of(const std::map<std::string, std::string>& headers) {
  std::string names;
  for (const auto& [name, value] : headers) names.append(names.empty() ? "" : ";").append(name);
  return names;
}

std::string canonical_request(const Sigv4Request& request, const std::map<std::string, std::string>& headers) {
  std::string lines;
  for (const auto& [name, value] : headers) lines.append(name).append(":").append(value).append("\n");
  const std::string path = sigv4_path(request.normalizes_path ? normalize(request.path) : request.path);
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, path, sigv4_query(request.query), lines,
                     names_of(headers), request.payload_hash);
}

// "20150830/us-east-1/s3/aws4_request"
std::string scope_text(const Sigv4Scope& scope) {
  return fmt::format("{}/{}/{}/aws4_request", format_amz_date(scope.time).substr(0, 8), scope.region, scope.service);
}

std::string signature_of(const Sigv4Request& request, const std::map<std::string, std::string>& headers,
                         const Sigv4Scope& scope, const AwsCredentials& credentials) {
  const std::string date = format_amz_date(scope.time);
  const std::string text = fmt::format("{}\n{}\n{}\n{}", kAlgorithm, date, scope_text(scope),
                                       sha256_hex(canonical_request(request, headers)));
  Sha256 key = hmac_sha256("AWS4" + credentials.secret_access_key, std::string_view(date).substr(0, 8));
  for (const std::string_view part : {std::string_view(scope.region), std::string_view(scope.service),
                                      std::string_view("aws4_request"), std::string_view(text)}) {
    key = hmac_sha256(view_of(key), part);
  }
  return to_hex(view_of(key));
}

}  // namespace

std::string sigv4_encode(std::string_view text) { return encode(text, false); }

std::string sigv4_path(std::string_view path) { return encode(path, true); }

std::string sigv4_query(const Sigv4Fields& fields) {
  Sigv4Fields encoded;
  encoded.reserve(fields.size());
  for (const auto& [name, value] : fields) encoded.emplace_back(sigv4_encode(name), sigv4_encode(value));
  std::ranges::sort(encoded);  // by the encoded text, as is asked for
  std::string query;
  for (const auto& [name, value] : encoded) {
    query.append(query.empty() ? "" : "&").append(name).append("=").append(value);
  }
  return query;
}

Sigv4Fields sigv4_headers(Sigv4Request request, const Sigv4Scope& scope, const AwsCredentials& credentials) {
  Sigv4Fields added{{"X-Amz-Date", format_amz_date(scope.time)}};
  if (!credentials.session_token.empty()) added.emplace_back("X-Amz-Security-Token", credentials.session_token);
  request.headers.insert(request.headers.end(), added.begin(), added.end());
  const auto headers = canonical_headers(request.headers);
  added.emplace_back("Authorization", fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm,
                                                  credentials.access_key_id, scope_text(scope), names_of(headers),
                                                  signature_of(request, headers, scope, credentials)));
  return added;
}

std::string sigv4_presigned_query(Sigv4Request request, const Sigv4Scope& scope, const AwsCredentials& credentials,
                                  Seconds lifetime) {
  const auto headers = canonical_headers(request.headers);
  const Seconds bounded = std::clamp(lifetime, Seconds{1}, kPresignedLifetimeMax);
  Sigv4Fields& query = request.query;
  query.emplace_back("X-Amz-Algorithm", kAlgorithm);
  query.emplace_back("X-Amz-Credential", fmt::format("{}/{}", credentials.access_key_id, scope_text(scope)));
  query.emplace_back("X-Amz-Date", format_amz_date(scope.time));
  query.emplace_back("X-Amz-Expires", fmt::format("{}", bounded.count()));
  query.emplace_back("X-Amz-SignedHeaders", names_of(headers));
  if (!credentials.session_token.empty()) query.emplace_back("X-Amz-Security-Token", credentials.session_token);
  const std::string signature = signature_of(request, headers, scope, credentials);
  query.emplace_back("X-Amz-Signature", signature);
  return sigv4_query(query);
}

std::string format_amz_date(SystemTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{std::chrono::floor<Seconds>(time - day)};
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

}  // namespace tapedeck
