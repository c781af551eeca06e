#include "main/config.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace tapedeck {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::string kAccount = "AC" + std::string(32, 'a');

// A settings file, removed at the end of the test.
class SettingsFile {
 public:
  explicit SettingsFile(const std::string& text)
      : path_(std::filesystem::path(testing::TempDir()) / ("tapedeck_config_test_" + std::to_string(::getpid()))) {
    std::ofstream(path_) << text;
  }
  ~SettingsFile() { std::filesystem::remove(path_); }
  SettingsFile(const SettingsFile&) = delete;
  SettingsFile& operator=(const SettingsFile&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

ConfigSources sources_of(SettingTexts flags, SettingTexts environment = {}) {
  return {.flags = std::move(flags),
          .environment = [environment = std::move(environment)](std::string_view name) -> std::optional<std::string> {
            const auto found = environment.find(name);
            if (found == environment.end()) return std::nullopt;
            return found->second;
          },
          .file = std::nullopt};
}

std::vector<std::string> problem_names(const ConfigSources& sources) {
  std::vector<std::string> names;
  const auto config = load_config(sources);
  if (!config) {
    for (const ConfigProblem& problem : config.error()) names.push_back(problem.name);
  }
  return names;
}

const EffectiveSetting& effective(const Config& config, std::string_view name) {
  for (const EffectiveSetting& one : config.effective) {
    if (one.setting->name == name) return one;
  }
  throw std::out_of_range(std::string(name));
}

TEST(Config, without_any_configuration_every_setting_has_its_documented_default) {
  const auto config = load_config({});
  ASSERT_TRUE(config.has_value());
  const Settings& settings = config->settings;
  EXPECT_EQ(settings.listen, (ListenAddress{"127.0.0.1", 8080}));
  EXPECT_EQ(settings.public_url, "");
  EXPECT_EQ(settings.data_dir, "./data");
  EXPECT_FALSE(settings.is_worker);
  EXPECT_EQ(settings.downloads_max, 64);
  EXPECT_EQ(settings.slots_per_business, 3);
  EXPECT_EQ(settings.provider_url, "https://api.twilio.com");
  EXPECT_EQ(settings.format, AudioFormat::kMp3);
  EXPECT_EQ(settings.log_format, LogFormat::kText);
  EXPECT_EQ(settings.log_level, Severity::kInfo);
  EXPECT_THAT(settings.warnings, testing::IsEmpty());
}

TEST(Config, flags_override_the_environment_which_overrides_the_file_which_overrides_the_defaults) {
  const SettingsFile file("LISTEN=127.0.0.1:1\nLOG_LEVEL=debug\nMAX_SLOTS_PER_BUSINESS=7\n");
  ConfigSources sources = sources_of({{"LISTEN", "127.0.0.1:3"}}, {{"LISTEN", "127.0.0.1:2"}, {"LOG_LEVEL", "error"}});
  sources.file = file.path();
  const auto config = load_config(sources);
  ASSERT_TRUE(config.has_value());
  EXPECT_EQ(config->settings.listen.port, 3);
  EXPECT_EQ(config->settings.log_level, Severity::kError);
  EXPECT_EQ(config->settings.slots_per_business, 7);
  EXPECT_EQ(effective(*config, "LISTEN").origin, SettingOrigin::kFlag);
  EXPECT_EQ(effective(*config, "LOG_LEVEL").origin, SettingOrigin::kEnvironment);
  EXPECT_EQ(effective(*config, "MAX_SLOTS_PER_BUSINESS").origin, SettingOrigin::kFile);
  EXPECT_EQ(effective(*config, "DATA_DIR").origin, SettingOrigin::kDefault);
}

TEST(Config, the_environment_may_name_the_file) {
  const SettingsFile file("HTTP_LOOPS=5\n");
  const auto config = load_config(sources_of({}, {{"TAPEDECK_CONFIG", file.path().string()}}));
  ASSERT_TRUE(config.has_value());
  EXPECT_EQ(config->settings.http_loops, 5);
}

TEST(Config, an_empty_value_counts_as_absent) {
  const auto config = load_config(sources_of({{"LISTEN", ""}}, {{"LISTEN", "127.0.0.1:9"}, {"DATA_DIR", ""}}));
  ASSERT_TRUE(config.has_value());
  EXPECT_EQ(config->settings.listen.port, 9);
  EXPECT_EQ(config->settings.data_dir, "./data");
}

TEST(Config, a_file_may_hold_comments_quotes_exports_and_windows_line_ends) {
  const SettingsFile file("# ours\r\n\r\nexport DATA_DIR=\"/tmp/a b\"\r\n  LOG_FORMAT = 'json'  \r\n");
  ConfigSources sources = sources_of({});
  sources.file = file.path();
  const auto config = load_config(sources);
  ASSERT_TRUE(config.has_value());
  EXPECT_EQ(config->settings.data_dir, "/tmp/a b");
  EXPECT_EQ(config->settings.log_format, LogFormat::kJson);
}

TEST(Config, all_problems_are_reported_with_their_names_and_examples) {
  const SettingsFile file("LISTENS=127.0.0.1:1\nnonsense\n");
  ConfigSources sources = sources_of({{"LISTEN", "here"},
                                      {"MAX_SLOTS_PER_BUSINESS", "0"},
                                      {"RECORDING_FORMAT", "ogg"},
                                      {"TWILIO_ACCOUNT_SID", kAccount},
                                      {"SECRET_KEY", "short"}});
  sources.file = file.path();
  const auto config = load_config(sources);
  ASSERT_FALSE(config.has_value());
  std::vector<std::string> said;
  for (const ConfigProblem& problem : config.error()) said.push_back(describe(problem));
  const std::string where = file.path().string();
  EXPECT_THAT(
      said, ElementsAre(
                where + " line 1: LISTENS: no setting has this name; did you mean LISTEN?",
                where + " line 2: expected NAME=VALUE, or # and a comment",
                "LISTEN: expected ADDRESS:PORT with a numeric address, IPv6 in brackets (example: LISTEN=0.0.0.0:8080)",
                "MAX_SLOTS_PER_BUSINESS: expected 1 to 1000 (example: MAX_SLOTS_PER_BUSINESS=3)",
                "RECORDING_FORMAT: expected one of: mp3, wav, wav-dual (example: RECORDING_FORMAT=mp3)",
                "SECRET_KEY: expected 32 bytes in base64: 44 characters (from: head -c 32 /dev/urandom | base64)",
                "TWILIO_AUTH_TOKEN: must be set, because TWILIO_ACCOUNT_SID is set (from the provider's console)"));
}

TEST(Config, a_file_that_cannot_be_read_is_a_problem) {
  ConfigSources sources = sources_of({});
  sources.file = "/nonexistent/tapedeck.env";
  EXPECT_THAT(problem_names(sources), ElementsAre("/nonexistent/tapedeck.env"));
}

struct Refused {
  std::string_view name;
  std::string_view text;
};
void PrintTo(const Refused& refused, std::ostream* out) { *out << refused.name << '=' << refused.text; }
class RefusedValue : public testing::TestWithParam<Refused> {};

TEST_P(RefusedValue, is_a_problem_of_its_setting) {
  const Refused& refused = GetParam();
  EXPECT_THAT(problem_names(sources_of({{std::string(refused.name), std::string(refused.text)}})),
              testing::Contains(std::string(refused.name)));
}

INSTANTIATE_TEST_SUITE_P(
    Config, RefusedValue,
    testing::Values(Refused{"LISTEN", "8080"}, Refused{"LISTEN", "127.0.0.1:"}, Refused{"LISTEN", "127.0.0.1:65536"},
                    Refused{"LISTEN", "127.0.0.1:80 "}, Refused{"LISTEN", "example.com:80"},
                    Refused{"LISTEN", "::1:80"}, Refused{"PUBLIC_URL", "example.com"},
                    Refused{"PUBLIC_URL", "ftp://example.com"}, Refused{"PUBLIC_URL", "https://"},
                    Refused{"PUBLIC_URL", "https://a.example/?x=1"},
                    Refused{"PUBLIC_URL", "https://user:secret@a.example"}, Refused{"PUBLIC_URL", "https://a b"},
                    Refused{"CORS_ORIGINS", "*"}, Refused{"CORS_ORIGINS", "https://a.example/path"},
                    Refused{"CORS_ORIGINS", "https://a.example,,https://b.example"}, Refused{"CORS_ORIGINS", "null"},
                    Refused{"CORS_ORIGINS", "https://a.example/"}, Refused{"ENABLE_SCHEDULERS", "yes"},
                    Refused{"MAX_CONCURRENT_DOWNLOADS", "0"}, Refused{"MAX_CONCURRENT_DOWNLOADS", "4097"},
                    Refused{"MAX_CONCURRENT_DOWNLOADS", "64x"}, Refused{"MAX_CONCURRENT_DOWNLOADS", "-1"},
                    Refused{"MAX_CONCURRENT_DOWNLOADS", "99999999999999999999"},
                    Refused{"MAX_SLOTS_PER_BUSINESS", "1001"}, Refused{"TWILIO_ACCOUNT_SID", "AC123"},
                    Refused{"TWILIO_AUTH_TOKEN", "two words"}, Refused{"TWILIO_BASE_URL", "api.twilio.com"},
                    Refused{"RECORDING_FORMAT", "MP3"}, Refused{"SECRET_KEY", "AAAA"}, Refused{"LOG_FORMAT", "xml"},
                    Refused{"LOG_LEVEL", "trace"}, Refused{"HTTP_LOOPS", "257"}, Refused{"MAX_CONNECTIONS", "0"},
                    Refused{"SHUTDOWN_GRACE", "-5"}, Refused{"REDIS_URL", "127.0.0.1:6379"},
                    Refused{"REDIS_URL", "redis://:6379"}, Refused{"REDIS_URL", "redis+sentinel://127.0.0.1"},
                    Refused{"DATABASE_URL", "mysql://127.0.0.1/tapedeck"}, Refused{"DATABASE_URL", "tapedeck.db"},
                    Refused{"STORAGE_URL", "https://bucket.s3.amazonaws.com"}, Refused{"STORAGE_URL", "s3://"},
                    Refused{"STORAGE_URL", "s3://bucket?endpiont=x"}, Refused{"STORAGE_DELIVERY", "proxy"}));

TEST(Config, the_role_follows_from_redis_and_the_switch) {
  const auto role = [](SettingTexts values) { return role_of(load_config(sources_of(std::move(values)))->settings); };
  EXPECT_EQ(role({}), Role::kAlone);
  EXPECT_EQ(role({{"ENABLE_SCHEDULERS", "true"}}), Role::kAlone);
  EXPECT_EQ(role({{"REDIS_URL", "redis://127.0.0.1"}}), Role::kApi);
  EXPECT_EQ(role({{"REDIS_URL", "redis://127.0.0.1"}, {"ENABLE_SCHEDULERS", "true"}}), Role::kWorker);
}

TEST(Config, a_shared_database_requires_shared_slots_and_a_shared_key) {
  const SettingTexts database{{"DATABASE_URL", "postgresql://user:secret@127.0.0.1/tapedeck"}};
  EXPECT_THAT(problem_names(sources_of(database)), ElementsAre("REDIS_URL", "SECRET_KEY"));
  SettingTexts whole = database;
  whole["REDIS_URL"] = "redis://127.0.0.1";
  whole["SECRET_KEY"] = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
  EXPECT_THAT(problem_names(sources_of(whole)), testing::IsEmpty());
}

TEST(Config, a_shared_database_with_local_recordings_earns_a_warning) {
  SettingTexts texts{{"DATABASE_URL", "postgresql://127.0.0.1/tapedeck"},
                     {"REDIS_URL", "redis://127.0.0.1"},
                     {"SECRET_KEY", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}};
  const auto local = load_config(sources_of(texts));
  ASSERT_TRUE(local.has_value());
  EXPECT_THAT(local->settings.warnings, ElementsAre(HasSubstr("STORAGE_URL")));
  texts["STORAGE_URL"] = "s3://bucket";
  const auto shared = load_config(sources_of(texts));
  ASSERT_TRUE(shared.has_value());
  EXPECT_THAT(shared->settings.warnings, testing::IsEmpty());
}

TEST(Config, recordings_of_an_object_store_are_streamed_unless_redirects_are_set) {
  const auto config = load_config(sources_of({{"STORAGE_URL", "s3://bucket/calls"}}));
  ASSERT_TRUE(config.has_value());
  EXPECT_EQ(config->settings.storage_url, "s3://bucket/calls");
  EXPECT_EQ(config->settings.delivery, Delivery::kStream);
  EXPECT_THAT(config->settings.warnings, testing::IsEmpty());
  const auto redirect = load_config(sources_of({{"STORAGE_URL", "s3://bucket"}, {"STORAGE_DELIVERY", "redirect"}}));
  ASSERT_TRUE(redirect.has_value());
  EXPECT_EQ(redirect->settings.delivery, Delivery::kRedirect);
}

TEST(Config, redirects_require_an_object_store) {
  EXPECT_THAT(problem_names(sources_of({{"STORAGE_DELIVERY", "redirect"}})), ElementsAre("STORAGE_URL"));
}

TEST(Config, an_object_store_on_another_machine_without_tls_earns_a_warning) {
  const auto config = load_config(sources_of({{"STORAGE_URL", "s3://bucket?endpoint=http://192.0.2.1:9000"}}));
  ASSERT_TRUE(config.has_value());
  EXPECT_THAT(config->settings.warnings, ElementsAre(HasSubstr("not https")));
}

// Each holds the password "sesame!", written as people write it, and as it must be written.
TEST(SettingTable, no_part_of_a_password_in_a_url_is_shown) {
  const std::vector<std::pair<std::string_view, std::string>> urls{
      {"DATABASE_URL", "postgresql://user:{}@127.0.0.1/calls"},
      {"DATABASE_URL", "postgresql://user@127.0.0.1/calls?password={}"},
      {"DATABASE_URL", "postgresql://user@127.0.0.1/calls?p%61ssword={}"},
      {"DATABASE_URL", "postgresql://user@127.0.0.1/calls?sslmode=require&sslpassword={}"},
      {"DATABASE_URL", "postgresql://user:a@{}@127.0.0.1/calls"},
      {"DATABASE_URL", "postgresql://user:a/{}@127.0.0.1/calls"},
      {"DATABASE_URL", "{}"},
      {"REDIS_URL", "redis://user:{}@127.0.0.1/0"},
      {"REDIS_URL", "redis://:a@{}@127.0.0.1/0"},
      {"REDIS_URL", "redis://:a/{}@127.0.0.1/0"},
      {"REDIS_URL", "redis://{}@127.0.0.1/0"},
      {"REDIS_URL", "redis+sentinel://user:{}@127.0.0.1/mymaster"},
      {"REDIS_URL", "redis+sentinel://127.0.0.1/mymaster?sentinel_user=u&sentinel_password={}"},
      {"REDIS_URL", "redis+cluster://user:{}@127.0.0.1,127.0.0.2"},
      {"REDIS_URL", "redis+unix://user:{}@/run/redis.sock"},
      {"REDIS_URL", "{}"},
      {"STORAGE_URL", "s3://bucket?endpoint=https://key:{}@127.0.0.1"},
      {"TWILIO_BASE_URL", "https://AC1:{}@127.0.0.1"},
      {"PUBLIC_URL", "https://user:{}@127.0.0.1"},
  };
  for (const auto& [name, form] : urls) {
    for (const std::string_view password : {"sesame!", "sesame%21", "se%73ame!", "sesame%zz", "ses@ame!", "ses/ame!"}) {
      const std::string url = fmt::format(fmt::runtime(form), password);
      const std::string text = shown(*find_setting(name), url);
      for (const std::string_view part : {"ses", "ame", "%73", "%21", "%zz"}) {
        EXPECT_THAT(text, Not(HasSubstr(std::string(part)))) << url;
      }
      const auto config = load_config(sources_of({{std::string(name), url}}));
      if (config) continue;
      for (const ConfigProblem& problem : config.error()) EXPECT_THAT(describe(problem), Not(HasSubstr("ame!"))) << url;
    }
  }
}

TEST(SettingTable, a_url_is_shown_with_all_but_its_passwords) {
  const auto text_of = [](std::string_view name, std::string_view url) { return shown(*find_setting(name), url); };
  EXPECT_EQ(text_of("DATABASE_URL", "postgresql://user:x@db:5433/calls?sslmode=require&password=y"),
            "postgresql://user@db:5433/calls?sslmode=require");
  EXPECT_EQ(text_of("REDIS_URL", "rediss+sentinel://:x@a,b/mymaster/2"),
            "rediss+sentinel://a:26379,b:26379/mymaster/2");
  EXPECT_EQ(text_of("STORAGE_URL", "s3://bucket/calls?region=auto"), "s3://bucket/calls?region=auto");
}

struct Accepted {
  std::string_view text;
  ListenAddress listen;
};
void PrintTo(const Accepted& accepted, std::ostream* out) { *out << accepted.text; }
class AcceptedListen : public testing::TestWithParam<Accepted> {};

TEST_P(AcceptedListen, is_parsed) {
  const auto config = load_config(sources_of({{"LISTEN", std::string(GetParam().text)}}));
  ASSERT_TRUE(config.has_value());
  EXPECT_EQ(config->settings.listen, GetParam().listen);
}

INSTANTIATE_TEST_SUITE_P(Config, AcceptedListen,
                         testing::Values(Accepted{"0.0.0.0:80", {"0.0.0.0", 80}}, Accepted{"[::1]:0", {"::1", 0}},
                                         Accepted{"localhost:8080", {"127.0.0.1", 8080}}));

TEST(Config, a_slash_at_the_end_of_a_url_is_removed) {
  const auto config = load_config(sources_of({{"PUBLIC_URL", "https://a.example/calls/"}}));
  ASSERT_TRUE(config.has_value());
  EXPECT_EQ(config->settings.public_url, "https://a.example/calls");
}

TEST(Config, origins_are_a_list) {
  const auto config = load_config(sources_of({{"CORS_ORIGINS", "https://a.example, http://b.example:81"}}));
  ASSERT_TRUE(config.has_value());
  EXPECT_THAT(config->settings.cors_origins, ElementsAre("https://a.example", "http://b.example:81"));
}

TEST(Config, a_set_provider_url_may_be_plain_http_on_this_machine) {
  const auto config = load_config(sources_of({{"TWILIO_BASE_URL", "http://127.0.0.1:9000"}}));
  ASSERT_TRUE(config.has_value());
  EXPECT_EQ(config->settings.provider_url, "http://127.0.0.1:9000");
  EXPECT_THAT(config->settings.warnings, testing::IsEmpty());
}

TEST(Config, fewer_downloads_than_eight_earn_a_warning) {
  for (const auto& [text, warnings] : {std::pair{"7", 1U}, std::pair{"8", 0U}}) {
    const auto config = load_config(sources_of({{"MAX_CONCURRENT_DOWNLOADS", text}}));
    ASSERT_TRUE(config.has_value());
    EXPECT_EQ(config->settings.warnings.size(), warnings) << text;
  }
}

TEST(Config, plain_http_over_the_network_earns_a_warning) {
  for (const char* name : {"PUBLIC_URL", "TWILIO_BASE_URL"}) {
    const auto config = load_config(sources_of({{name, "http://calls.example.com"}}));
    ASSERT_TRUE(config.has_value());
    ASSERT_EQ(config->settings.warnings.size(), 1U);
    EXPECT_THAT(config->settings.warnings[0], HasSubstr(name));
  }
}

TEST(SettingTable, secrets_are_never_shown) {
  EXPECT_EQ(shown(*find_setting("TWILIO_AUTH_TOKEN"), "hunter2"), "***");
  EXPECT_EQ(shown(*find_setting("SECRET_KEY"), "hunter2"), "***");
  EXPECT_EQ(shown(*find_setting("SECRET_KEY"), ""), "");
  EXPECT_EQ(shown(*find_setting("LISTEN"), "127.0.0.1:1"), "127.0.0.1:1");
}

TEST(SettingTable, every_default_and_every_example_is_accepted) {
  for (const Setting& setting : setting_table()) {
    for (const std::string_view text : {setting.fallback, setting.example}) {
      if (text.empty() || text.starts_with('(')) continue;
      Settings settings;
      EXPECT_TRUE(setting.apply(setting, text, settings).has_value()) << setting.name << "=" << text;
    }
  }
}

TEST(SettingTable, flags_are_the_names_in_lower_case) { EXPECT_EQ(flag_of(*find_setting("DATA_DIR")), "--data-dir"); }

}  // namespace
}  // namespace tapedeck
