#include "blobs/s3/credentials.hpp"

#include <algorithm>
#include <fstream>
#include <ios>

#include <fmt/format.h>

namespace tapedeck::s3 {
namespace {

std::string_view without_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::string_view take_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return without_blanks(line);
}

void take_setting(std::string_view line, AwsCredentials& credentials) {
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) return;
  const std::string_view name = without_blanks(line.substr(0, equals));
  const std::string value(without_blanks(line.substr(equals + 1)));
  if (name == "aws_access_key_id") credentials.access_key_id = value;
  if (name == "aws_secret_access_key") credentials.secret_access_key = value;
  if (name == "aws_session_token") credentials.session_token = value;
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kCredentialsFileMax, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file && !file.eof()) return fail(Errc::kInvalidArgument, fmt::format("cannot read {}", path));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

}  // namespace

Result<AwsCredentials> parse_credentials_file(std::string_view text, std::string_view profile) {
  AwsCredentials credentials;
  bool is_ours = false;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[' && line.back() == ']') {
      is_ours = without_blanks(line.substr(1, line.size() - 2)) == profile;
    } else if (is_ours) {
      take_setting(line, credentials);
    }
  }
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    return fail(Errc::kInvalidArgument,
                fmt::format("no aws_access_key_id and aws_secret_access_key under [{}]", profile));
  }
  return credentials;
}

Result<AwsCredentials> load_credentials(const Environment& environment) {
  const auto variable = [&environment](const char* name) { return environment(name).value_or(""); };
  AwsCredentials credentials{variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"),
                             variable("AWS_SESSION_TOKEN")};
  const bool has_id = !credentials.access_key_id.empty();
  const bool has_secret = !credentials.secret_access_key.empty();
  if (has_id && has_secret) return credentials;
  if (has_id != has_secret) {
    return fail(Errc::kInvalidArgument,
                fmt::format("{} is set, and {} is not", has_id ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
                            has_id ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID"));
  }
  std::string path = variable("AWS_SHARED_CREDENTIALS_FILE");
  if (path.empty()) path = variable("HOME") + "/.aws/credentials";
  const std::string profile = variable("AWS_PROFILE").empty() ? "default" : variable("AWS_PROFILE");
  const Result<std::string> text = read_file(path);
  Result<AwsCredentials> found = text ? parse_credentials_file(*text, profile) : fail(text.error());
  if (!found) {
    return fail(
        Errc::kInvalidArgument,
        fmt::format("no credentials for STORAGE_URL: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or mend {} ({})",
                    path, found.error().detail));
  }
  return found;
}

}  // namespace tapedeck::s3
