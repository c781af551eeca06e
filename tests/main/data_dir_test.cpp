#include "main/data_dir.hpp"

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encoding.hpp"
#include "main/secret_key.hpp"
#include "runtime/system_random.hpp"

namespace tapedeck {
namespace {

class DataDir : public testing::Test {
 protected:
  ~DataDir() override { std::filesystem::remove_all(root_); }

  static unsigned mode_of(const std::filesystem::path& path) {
    struct stat status{};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 0777U;
  }
  [[nodiscard]] Settings settings() const {
    Settings settings;
    settings.data_dir = dir_;
    return settings;
  }

  const std::filesystem::path root_ =
      std::filesystem::path(testing::TempDir()) / ("tapedeck_data_dir_test_" + std::to_string(::getpid()));
  const std::filesystem::path dir_ = root_ / "a" / "data";
  SystemRandom random_;
};

TEST_F(DataDir, is_made_for_its_owner_only) {
  ASSERT_TRUE(DataDirLock::acquire(dir_).has_value());
  EXPECT_EQ(mode_of(dir_), 0700U);
}

TEST_F(DataDir, of_a_running_server_is_refused_to_another_with_the_first_ones_pid) {
  const auto first = DataDirLock::acquire(dir_);
  ASSERT_TRUE(first.has_value());
  const auto second = DataDirLock::acquire(dir_);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().errc(), Errc::kConflict);
  EXPECT_THAT(second.error().detail, testing::HasSubstr("pid " + std::to_string(::getpid()) + ")"));
}

TEST_F(DataDir, of_a_server_that_ended_is_free_whatever_its_pid_file_says) {
  {
    const auto first = DataDirLock::acquire(dir_);
  }
  EXPECT_TRUE(std::filesystem::exists(dir_ / kPidFile));
  EXPECT_TRUE(DataDirLock::acquire(dir_).has_value());
}

TEST_F(DataDir, that_is_a_file_is_refused_with_its_name) {
  std::filesystem::create_directories(root_ / "a");
  std::ofstream(dir_) << "a file";
  const auto lock = DataDirLock::acquire(dir_);
  ASSERT_FALSE(lock.has_value());
  EXPECT_THAT(lock.error().detail, testing::HasSubstr(dir_.string()));
}

TEST_F(DataDir, secret_key_is_made_once_and_readable_by_its_owner_only) {
  const auto first = load_secret_key(settings(), random_);
  const auto second = load_secret_key(settings(), random_);
  ASSERT_TRUE(first.has_value()) << first.error().detail;
  EXPECT_EQ(first->size(), 32U);
  EXPECT_EQ(*first, *second);
  EXPECT_EQ(mode_of(dir_ / kSecretKeyFile), 0600U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir_), {}), 1);
}

TEST_F(DataDir, secret_key_made_by_several_at_the_same_time_is_one) {
  std::vector<Result<std::string>> keys(8, fail(Errc::kInternal, "not asked"));
  {
    std::vector<std::jthread> threads;
    for (auto& key : keys) threads.emplace_back([&key, this] { key = load_secret_key(settings(), random_); });
  }
  std::set<std::string> different;
  for (const auto& key : keys) different.insert(key.value());
  EXPECT_EQ(different.size(), 1U);
}

TEST_F(DataDir, secret_key_of_the_settings_wins_and_leaves_no_file) {
  Settings with_key = settings();
  with_key.secret_key = std::string(32, 'k');
  EXPECT_EQ(load_secret_key(with_key, random_).value(), with_key.secret_key);
  EXPECT_FALSE(std::filesystem::exists(dir_ / kSecretKeyFile));
}

TEST_F(DataDir, secret_key_that_others_may_read_is_refused) {
  ASSERT_TRUE(load_secret_key(settings(), random_).has_value());
  std::filesystem::permissions(dir_ / kSecretKeyFile, std::filesystem::perms::group_read,
                               std::filesystem::perm_options::add);
  EXPECT_EQ(load_secret_key(settings(), random_).error().errc(), Errc::kForbidden);
}

TEST_F(DataDir, secret_key_file_that_holds_no_key_is_refused_and_left_alone) {
  std::filesystem::create_directories(dir_);
  std::ofstream(dir_ / kSecretKeyFile) << "garbage";
  std::filesystem::permissions(dir_ / kSecretKeyFile, std::filesystem::perms::owner_read);
  EXPECT_EQ(load_secret_key(settings(), random_).error().errc(), Errc::kCorrupt);
}

}  // namespace
}  // namespace tapedeck
