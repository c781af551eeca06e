#include "cli/cli.hpp"

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "app/access.hpp"
#include "main/config.hpp"
#include "main/exit_code.hpp"
#include "main/secret_key.hpp"
#include "main/stores.hpp"
#include "runtime/run_task.hpp"
#include "runtime/system_clock.hpp"
#include "runtime/system_random.hpp"

namespace tapedeck {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::string kAccount = "AC" + std::string(32, 'a');
constexpr const char* kToken = "a-token-that-is-good";

// A provider that knows one token.
class OneTokenSource final : public RecordingSource {
 public:
  Task<FetchOutcome> fetch(FetchRequest, FetchSink&, std::stop_token) override {
    co_return FetchOutcome{.result = fail(Errc::kInternal, "not asked for")};
  }
  Task<Result<RemoteStatus>> describe(FetchRequest request, std::stop_token) override {
    if (request.auth_token != kToken) co_return fail(Errc::kProviderUnauthorized, "401 from the provider");
    co_return RemoteStatus::kAbsent;
  }
  Task<Result<void>> remove(FetchRequest, std::stop_token) override {
    co_return fail(Errc::kInternal, "not asked for");
  }
};

class OneTokenListing final : public RecordingListing {
 public:
  Task<Result<ListingPage>> list(ListingRequest request, std::stop_token) override {
    if (request.login.auth_token != kToken) co_return fail(Errc::kProviderUnauthorized, "401 from the provider");
    co_return ListingPage{};
  }
  Task<Result<std::optional<CallUpdate>>> describe_call(ProviderLogin, CallSid, std::stop_token) override {
    co_return std::nullopt;
  }
};

struct Ended {
  int code = 0;
  std::string out;
  std::string err;
};

class Cli : public testing::Test {
 protected:
  ~Cli() override { std::filesystem::remove_all(dir_); }

  // Runs a command with only DATA_DIR in the environment.
  Ended run(const std::vector<std::string>& arguments, const std::string& input = "") {
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream err;
    const CommandLine line{
        .serve = [this](const Settings& settings) { return served_ = settings, 0; },
        .demo = [this](const Settings& settings,
                       const DemoOptions& options) { return served_ = settings, demo_ = options, 0; },
        .open_source = [](const Settings&) { return std::make_shared<OneTokenSource>(); },
        .open_listing = [](const Settings&) { return std::make_shared<OneTokenListing>(); },
        .environment = [this](std::string_view name) -> std::optional<std::string> {
          if (name == "DATA_DIR" && has_data_dir_) return dir_.string();
          return std::nullopt;
        },
        .in = in,
        .out = out,
        .err = err};
    const int code = run_command_line(arguments, line);
    return {code, out.str(), err.str()};
  }

  boost::json::value json_of(const std::vector<std::string>& arguments) {
    return boost::json::parse(run(arguments).out);
  }

  const std::filesystem::path dir_ =
      std::filesystem::path(testing::TempDir()) / ("tapedeck_cli_test_" + std::to_string(::getpid()));
  bool has_data_dir_ = true;
  std::optional<Settings> served_;
  std::optional<DemoOptions> demo_;
};

TEST_F(Cli, version_is_printed_on_stdout) {
  const Ended version = run({"--version"});
  EXPECT_EQ(version.code, kDone);
  EXPECT_THAT(version.out, testing::MatchesRegex("tapedeck [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST_F(Cli, every_command_has_a_help_with_examples_and_exit_codes) {
  const std::vector<std::vector<std::string>> commands{{"serve"},
                                                       {"demo"},
                                                       {"config"},
                                                       {"queue"},
                                                       {"doctor"},
                                                       {"business", "add"},
                                                       {"business", "set"},
                                                       {"business", "pause"},
                                                       {"business", "resume"},
                                                       {"business", "list"},
                                                       {"key", "create"},
                                                       {"key", "list"},
                                                       {"key", "revoke"},
                                                       {"import"},
                                                       {"reconcile"},
                                                       {"hold"},
                                                       {"release"},
                                                       {"erase"},
                                                       {"audit"},
                                                       {"verify"},
                                                       {"migrate"},
                                                       {"backup"},
                                                       {"restore"}};
  for (std::vector<std::string> command : commands) {
    command.push_back("--help");
    const Ended help = run(command);
    EXPECT_EQ(help.code, kDone) << command[0];
    EXPECT_THAT(help.out, AllOf(HasSubstr("Examples:\n"), HasSubstr("Exit codes: "), HasSubstr("--data-dir")));
    EXPECT_THAT(help.err, IsEmpty());
  }
}

TEST_F(Cli, help_of_serve_shows_every_setting) {
  const std::string help = run({"serve", "--help"}).out;
  for (const Setting& setting : setting_table()) EXPECT_THAT(help, HasSubstr(flag_of(setting) + " "));
}

class WrongUsage : public Cli, public testing::WithParamInterface<std::vector<std::string>> {};

TEST_P(WrongUsage, is_refused_on_stderr_with_code_2) {
  const Ended wrong = run(GetParam());
  EXPECT_EQ(wrong.code, kWrongUsage);
  EXPECT_THAT(wrong.err, Not(IsEmpty()));
  EXPECT_THAT(wrong.out, IsEmpty());
  EXPECT_FALSE(served_.has_value());
}

INSTANTIATE_TEST_SUITE_P(
    Cli, WrongUsage,
    testing::Values(std::vector<std::string>{}, std::vector<std::string>{"dance"}, std::vector<std::string>{"business"},
                    std::vector<std::string>{"business", "add"}, std::vector<std::string>{"serve", "--nonsense"},
                    std::vector<std::string>{"serve", "extra"}, std::vector<std::string>{"key", "create"},
                    std::vector<std::string>{"key", "create", "--operator", "--business", "dental"},
                    std::vector<std::string>{"key", "revoke", "seven"}, std::vector<std::string>{"demo"},
                    std::vector<std::string>{"business", "add", "dental", "--limit", "many"}));

TEST_F(Cli, serve_is_started_with_the_settings_of_the_flags) {
  EXPECT_EQ(run({"serve", "--listen", "127.0.0.1:0", "--max-slots-per-business", "5"}).code, 0);
  ASSERT_TRUE(served_.has_value());
  EXPECT_EQ(served_->listen.port, 0);
  EXPECT_EQ(served_->slots_per_business, 5);
  EXPECT_EQ(served_->data_dir, dir_);
}

TEST_F(Cli, wrong_settings_are_all_listed_and_stop_the_start) {
  const Ended wrong = run({"serve", "--listen", "x", "--log-level", "y"});
  EXPECT_EQ(wrong.code, kWrongSettings);
  EXPECT_FALSE(served_.has_value());
  EXPECT_THAT(wrong.err, AllOf(HasSubstr("tapedeck: 2 of the settings are wrong:\n"), HasSubstr("\n  LISTEN: "),
                               HasSubstr("\n  LOG_LEVEL: ")));
}

TEST_F(Cli, demo_does_not_use_the_default_data_dir_of_a_server) {
  has_data_dir_ = false;
  ASSERT_EQ(run({"demo", "--audio", "a", "--calls", "c.json"}).code, 0);
  EXPECT_EQ(served_->data_dir, "./demo-data");
  EXPECT_EQ(demo_->calls_file, "c.json");
  ASSERT_EQ(run({"demo", "--audio", "a", "--calls", "c.json", "--data-dir", "./data"}).code, 0);
  EXPECT_EQ(served_->data_dir, "./data");
}

TEST_F(Cli, config_shows_values_and_origins_and_no_secret) {
  const boost::json::value shown = json_of(
      {"config", "--json", "--twilio-account-sid", kAccount, "--twilio-auth-token", kToken, "--http-loops", "2"});
  const auto find = [&shown](std::string_view name) -> const boost::json::value& {
    for (const auto& one : shown.as_array()) {
      if (one.at("name").as_string() == name) return one;
    }
    throw std::out_of_range(std::string(name));
  };
  EXPECT_EQ(find("HTTP_LOOPS").at("value"), "2");
  EXPECT_EQ(find("HTTP_LOOPS").at("origin"), "flag");
  EXPECT_EQ(find("DATA_DIR").at("origin"), "environment");
  EXPECT_EQ(find("LISTEN").at("origin"), "default");
  EXPECT_EQ(find("TWILIO_AUTH_TOKEN").at("value"), "***");
  EXPECT_THAT(run({"config", "--twilio-account-sid", kAccount, "--twilio-auth-token", kToken}).out,
              Not(HasSubstr(kToken)));
}

TEST_F(Cli, a_business_is_added_changed_paused_and_listed) {
  EXPECT_EQ(run({"business", "add", "dental", "--account-sid", kAccount, "--auth-token", kToken, "--limit", "5"}).code,
            kDone);
  EXPECT_EQ(run({"business", "set", "dental", "--format", "wav"}).code, kDone);
  EXPECT_EQ(run({"business", "pause", "dental"}).code, kDone);
  EXPECT_EQ(json_of({"business", "list", "--json"}), (boost::json::value{{{"id", "dental"},
                                                                          {"account_sid", kAccount},
                                                                          {"limit", 5},
                                                                          {"format", "wav"},
                                                                          {"paused", true},
                                                                          {"retention_days", nullptr},
                                                                          {"delete_at_provider", false}}}));
  EXPECT_EQ(run({"business", "resume", "dental"}).code, kDone);
  EXPECT_EQ(run({"business", "set", "dental", "--account-sid", "default", "--limit", "0", "--format", "default"}).code,
            kDone);
  const Ended list = run({"business", "list"});
  EXPECT_EQ(list.out,
            "ID      ACCOUNT  LIMIT    FORMAT   PAUSED  RETENTION  AT PROVIDER\n"
            "dental  default  default  default  no      keep       kept\n");
}

TEST_F(Cli, an_auth_token_may_come_from_stdin_and_is_never_printed) {
  EXPECT_EQ(run({"business", "add", "dental", "--account-sid", kAccount, "--auth-token", "-"}, "a-token\n").code,
            kDone);
  const Ended list = run({"business", "list", "--json"});
  EXPECT_THAT(list.out, AllOf(HasSubstr(kAccount), Not(HasSubstr("a-token"))));
}

TEST_F(Cli, credentials_are_sealed_in_the_database) {
  ASSERT_EQ(run({"business", "add", "dental", "--account-sid", kAccount, "--auth-token", kToken}).code, kDone);
  for (const auto& entry : std::filesystem::directory_iterator(dir_)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    EXPECT_THAT(bytes, Not(HasSubstr(kToken))) << entry.path();
  }
}

class WrongBusiness : public Cli, public testing::WithParamInterface<std::vector<std::string>> {};

TEST_P(WrongBusiness, is_refused_and_nothing_is_written) {
  ASSERT_EQ(run({"business", "add", "garage"}).code, kDone);
  const std::string before = run({"business", "list", "--json"}).out;
  const Ended wrong = run(GetParam());
  EXPECT_EQ(wrong.code, kFailed);
  EXPECT_THAT(wrong.err, HasSubstr("tapedeck: "));
  EXPECT_EQ(run({"business", "list", "--json"}).out, before);
}

INSTANTIATE_TEST_SUITE_P(
    Cli, WrongBusiness,
    testing::Values(std::vector<std::string>{"business", "add", "garage"},
                    std::vector<std::string>{"business", "add", "a b"},
                    std::vector<std::string>{"business", "add", std::string(65, 'x')},
                    std::vector<std::string>{"business", "add", "../dental"},
                    std::vector<std::string>{"business", "add", "dental", "--account-sid", kAccount},
                    std::vector<std::string>{"business", "add", "dental", "--auth-token", "t"},
                    std::vector<std::string>{"business", "add", "dental", "--account-sid", "AC1", "--auth-token", "t"},
                    std::vector<std::string>{"business", "add", "dental", "--limit", "1001"},
                    std::vector<std::string>{"business", "add", "dental", "--limit", "-1"},
                    std::vector<std::string>{"business", "add", "dental", "--format", "ogg"},
                    std::vector<std::string>{"business", "set", "nobody", "--limit", "1"},
                    std::vector<std::string>{"business", "set", "garage", "--account-sid", "default", "--auth-token",
                                             "t"},
                    std::vector<std::string>{"business", "pause", "nobody"}));

TEST_F(Cli, a_key_is_printed_alone_and_opens_its_business) {
  ASSERT_EQ(run({"business", "add", "dental"}).code, kDone);
  const Ended created = run({"key", "create", "--business", "dental", "--name", "page"});
  ASSERT_EQ(created.code, kDone) << created.err;
  ASSERT_TRUE(created.out.ends_with('\n'));
  const std::string key = created.out.substr(0, created.out.size() - 1);
  EXPECT_THAT(key, testing::MatchesRegex("tdk_[A-Za-z0-9_-]+"));

  SystemClock clock;
  SystemRandom random;
  Settings settings;
  settings.data_dir = dir_;
  const std::string secret = load_secret_key(settings, random).value();
  const OpenCallStore calls = open_call_store(settings, secret).value();
  Access access(calls.store(), calls.store(), clock, random, secret);
  const auto caller = run_task(access.by_key(key));
  ASSERT_TRUE(caller.has_value());
  EXPECT_EQ(caller->business.str(), "dental");
}

TEST_F(Cli, the_list_of_keys_shows_a_revocation) {
  ASSERT_EQ(run({"key", "create", "--operator"}).code, kDone);
  const boost::json::value before = json_of({"key", "list", "--json"});
  EXPECT_TRUE(before.at(0).at("business").is_null());
  EXPECT_TRUE(before.at(0).at("revoked_at").is_null());
  const std::string id = std::to_string(before.at(0).at("id").as_int64());
  EXPECT_EQ(run({"key", "revoke", id}).code, kDone);
  EXPECT_TRUE(json_of({"key", "list", "--json"}).at(0).at("revoked_at").is_string());
}

TEST_F(Cli, a_key_of_a_business_that_does_not_exist_is_refused) {
  const Ended created = run({"key", "create", "--business", "nobody"});
  EXPECT_EQ(created.code, kFailed);
  EXPECT_THAT(created.out, IsEmpty());
  EXPECT_THAT(created.err, HasSubstr("tapedeck business add nobody"));
}

TEST_F(Cli, a_business_that_does_not_exist_is_refused_by_every_command_that_names_one) {
  const std::string sid = "CA" + std::string(32, '0');
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"audit"},
                                             {"verify"},
                                             {"reconcile"},
                                             {"release", sid},
                                             {"hold", sid, "--reason", "x"},
                                             {"erase", "--everything", "--yes"}}) {
    std::vector<std::string> arguments = command;
    arguments.insert(arguments.end(), {"--business", "nobody"});
    const Ended ended = run(arguments);
    EXPECT_EQ(ended.code, kFailed) << command[0];
    EXPECT_THAT(ended.err, HasSubstr("there is no business nobody; see: tapedeck business list")) << command[0];
  }
}

TEST_F(Cli, revoking_a_key_that_does_not_exist_is_refused) { EXPECT_EQ(run({"key", "revoke", "99"}).code, kFailed); }

TEST_F(Cli, doctor_finds_good_and_bad_credentials) {
  ASSERT_EQ(run({"business", "add", "good", "--account-sid", kAccount, "--auth-token", kToken}).code, kDone);
  EXPECT_EQ(run({"doctor"}).code, kDone);
  ASSERT_EQ(run({"business", "add", "bad", "--account-sid", kAccount, "--auth-token", "stale"}).code, kDone);
  const Ended doctor = run({"doctor", "--json"});
  EXPECT_EQ(doctor.code, kFailed);
  std::vector<std::string> broken;
  const boost::json::value findings = boost::json::parse(doctor.out);
  for (const auto& finding : findings.as_array()) {
    if (finding.at("verdict") == "broken") broken.emplace_back(finding.at("about").as_string());
  }
  EXPECT_THAT(broken, testing::ElementsAre("account of business bad"));
  EXPECT_EQ(run({"doctor", "--offline"}).code, kDone);
}

TEST_F(Cli, doctor_says_how_to_mend_what_it_finds) {
  std::ofstream(dir_) << "a file in the way";
  const Ended doctor = run({"doctor", "--offline"});
  EXPECT_EQ(doctor.code, kFailed);
  EXPECT_THAT(doctor.out, AllOf(HasSubstr("broken   DATA_DIR: "), HasSubstr("         -> create it, or set DATA_DIR"),
                                HasSubstr("warning  PUBLIC_URL: is not set")));
}

TEST_F(Cli, doctor_leaves_nothing_behind) {
  ASSERT_EQ(run({"doctor", "--offline"}).code, kDone);
  EXPECT_TRUE(std::filesystem::is_empty(dir_));
}

}  // namespace
}  // namespace tapedeck
