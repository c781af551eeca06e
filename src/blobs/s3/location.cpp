#include "blobs/s3/location.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/form.hpp"

namespace tapedeck::s3 {
namespace {

constexpr std::string_view kScheme = "s3://";
constexpr std::size_t kBucketMinLength = 3;
constexpr std::size_t kBucketMaxLength = 63;
constexpr int kHttpsPort = 443;

std::unexpected<Error> refuse(std::string_view what) {
  return fail(Errc::kInvalidArgument,
              fmt::format("{}; expected s3://bucket/prefix?endpoint=https://host&region=name&style=path", what));
}

bool is_name_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

bool is_bucket(std::string_view name) {
  return name.size() >= kBucketMinLength && name.size() <= kBucketMaxLength &&
         std::ranges::all_of(name, is_name_character) && name.front() != '.' && name.back() != '.' &&
         name.find("..") == std::string_view::npos;
}

bool is_region(std::string_view name) {
  return name.size() <= kBucketMaxLength && std::ranges::all_of(name, is_name_character);
}

// Plain names between single slashes. A proxy that resolves "." or ".." would change the path that was signed.
bool is_prefix(std::string_view prefix) {
  if (prefix.size() > kPrefixMaxLength) return false;
  while (!prefix.empty()) {
    const std::string_view part = prefix.substr(0, prefix.find('/'));
    if (part.empty() || part == "." || part == ".." || !std::ranges::all_of(part, is_name_character)) return false;
    prefix.remove_prefix(std::min(part.size() + 1, prefix.size()));
  }
  return true;
}

Result<Endpoint> parse_endpoint(const std::string& text) {
  const bool has_scheme = text.find("://") != std::string::npos;
  const Result<Url> url = parse_url(has_scheme ? text : "https://" + text);
  // The slash that begins the path must also end it.
  if (!url || url->text.find('/', url->endpoint.scheme.size() + 3) != url->text.size() - 1) {
    return refuse("the endpoint of STORAGE_URL is not the URL of a host alone");
  }
  return url->endpoint;
}

Result<void> read_options(const Form& options, Location& location, std::string& endpoint, std::string& style) {
  for (const Form::Field& option : options.fields()) {
    if (option.name == "endpoint") {
      endpoint = option.value;
    } else if (option.name == "region") {
      location.region = option.value;
    } else if (option.name == "style" && (option.value == "path" || option.value == "virtual")) {
      style = option.value;
    } else {
      return refuse("STORAGE_URL has an unknown option");
    }
  }
  return {};
}

Result<void> complete(Location& location, const std::string& endpoint, const std::string& style,
                      const std::string& default_region) {
  if (!endpoint.empty()) {
    Result<Endpoint> parsed = parse_endpoint(endpoint);
    if (!parsed) return fail(parsed.error());
    location.endpoint = std::move(*parsed);
  }
  location.is_aws = endpoint.empty();
  if (location.region.empty()) location.region = default_region;
  if (location.region.empty()) {
    location.region = location.endpoint.host.ends_with(".r2.cloudflarestorage.com") ? "auto" : "us-east-1";
  }
  if (!is_region(location.region)) return refuse("the region of STORAGE_URL is not the name of a region");
  if (location.is_aws) {
    if (location.region == "auto") return refuse("region \"auto\" needs an endpoint in STORAGE_URL");
    location.endpoint = aws_endpoint(location.region);
  }
  // A certificate for "*.host" does not cover "a.b.host".
  const bool may_be_virtual = location.bucket.find('.') == std::string::npos;
  location.has_virtual_host =
      style.empty() ? is_aws_host(location.endpoint.host) && may_be_virtual : style == "virtual";
  return {};
}

std::string authority_of(const Endpoint& endpoint) {
  return endpoint_text(endpoint).substr(endpoint.scheme.size() + 3);
}

Address address(const Location& location, std::string_view rest) {
  const std::string authority = authority_of(location.endpoint);
  if (location.has_virtual_host) {
    return {location.endpoint.scheme, fmt::format("{}.{}", location.bucket, authority), fmt::format("/{}", rest)};
  }
  return {location.endpoint.scheme, authority, fmt::format("/{}{}{}", location.bucket, rest.empty() ? "" : "/", rest)};
}

}  // namespace

bool is_aws_host(const std::string& host) {
  return host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn");
}

Endpoint aws_endpoint(std::string_view region) {
  // China's regions have their own domain.
  const char* domain = region.starts_with("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  return {"https", fmt::format("s3.{}.{}", region, domain), kHttpsPort};
}

Result<Location> parse_location(std::string_view text, const std::string& default_region) {
  if (!text.starts_with(kScheme)) return refuse("STORAGE_URL does not begin with s3://");
  text.remove_prefix(kScheme.size());
  const std::size_t question = std::min(text.find('?'), text.size());
  const std::string_view place = text.substr(0, question);
  const Result<Form> options = Form::parse(text.substr(std::min(question + 1, text.size())));
  if (!options) return refuse("the options of STORAGE_URL cannot be read");

  Location location;
  const std::size_t slash = std::min(place.find('/'), place.size());
  location.bucket = place.substr(0, slash);
  std::string_view prefix = place.substr(std::min(slash + 1, place.size()));
  if (prefix.ends_with('/')) prefix.remove_suffix(1);
  if (!is_bucket(location.bucket)) return refuse("STORAGE_URL names no bucket");
  if (!is_prefix(prefix)) return refuse("the prefix of STORAGE_URL may have letters, digits, - _ . and single slashes");
  if (!prefix.empty()) location.prefix = fmt::format("{}/", prefix);

  std::string endpoint;
  std::string style;
  if (Result<void> read = read_options(*options, location, endpoint, style); !read) return fail(read.error());
  if (Result<void> whole = complete(location, endpoint, style, default_region); !whole) return fail(whole.error());
  return location;
}

std::string location_text(const Location& location) {
  std::string_view prefix = location.prefix;
  if (!prefix.empty()) prefix.remove_suffix(1);
  return fmt::format("s3://{}{}{} at {}", location.bucket, prefix.empty() ? "" : "/", prefix,
                     endpoint_text(location.endpoint));
}

Address address_of_key(const Location& location, std::string_view key) {
  return address(location, location.prefix + std::string(key));
}

Address address_of_bucket(const Location& location) { return address(location, ""); }

}  // namespace tapedeck::s3
