#include "blobs/filesystem/blob_store.hpp"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/blobs/filesystem/scratch.hpp"
#include "tests/contract/blob_store_contract.hpp"

namespace tapedeck {
namespace {

using contract::content_of;
using contract::put_blob;
using contract::read_all;
using contract::sample_bytes;
using contract::sample_key;

class FilesystemSubject final : public contract::BlobSubject {
 public:
  BlobStore& store() override { return store_; }
  // One thread, first in, first out: what was posted before has run.
  void settle() override { EXPECT_TRUE(run_task(store_.ping())); }

 private:
  ScratchFolder scratch_;
  OffloadPool pool_{"files", 1};
  FilesystemBlobStore store_{pool_, scratch_.path()};
};

std::unique_ptr<contract::BlobSubject> make_subject() { return std::make_unique<FilesystemSubject>(); }

}  // namespace

namespace contract {
INSTANTIATE_TEST_SUITE_P(Filesystem, BlobStoreContract, testing::Values(BlobKind{"filesystem", make_subject, {}}));
}

namespace {

class FilesystemBlobStoreTest : public testing::Test {
 protected:
  ScratchFolder scratch_;
  OffloadPool pool_{"files", 2};
  FilesystemBlobStore store_{pool_, scratch_.path()};
};

TEST_F(FilesystemBlobStoreTest, keeps_a_blob_in_a_file_named_by_its_key_that_only_the_owner_reads) {
  put_blob(store_, sample_key(), "bytes");
  const std::string path = scratch_.path() + "/" + sample_key();
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_EQ(status.st_size, 5);
}

TEST_F(FilesystemBlobStoreTest, offers_a_descriptor_for_sendfile) {
  put_blob(store_, sample_key(), "bytes");
  const auto blob = run_task(store_.open(sample_key()));
  ASSERT_TRUE(blob);
  std::string bytes(10, '\0');
  EXPECT_EQ(::pread((*blob)->file_descriptor(), bytes.data(), bytes.size(), 1), 4);
  EXPECT_EQ(bytes.substr(0, 4), "ytes");
}

TEST_F(FilesystemBlobStoreTest, finds_what_an_earlier_store_published) {
  put_blob(store_, sample_key(), "bytes");
  FilesystemBlobStore later(pool_, scratch_.path());
  EXPECT_EQ(run_task(later.collect_leftovers()).value(), 0);
  EXPECT_EQ(content_of(later, sample_key()), "bytes");
}

TEST_F(FilesystemBlobStoreTest, leaves_files_that_another_process_is_writing) {
  auto writer = run_task(store_.create(sample_key()));
  ASSERT_TRUE(writer);
  ASSERT_TRUE(run_task((*writer)->write("bytes")));
  FilesystemBlobStore other(pool_, scratch_.path());
  EXPECT_EQ(run_task(other.collect_leftovers()).value(), 0);
  ASSERT_TRUE(run_task((*writer)->publish(contract::facts_of("bytes"), {})));
  EXPECT_EQ(content_of(other, sample_key()), "bytes");
}

TEST_F(FilesystemBlobStoreTest, collects_what_a_dead_process_left) {
  std::filesystem::create_directories(scratch_.path() + "/.tmp");
  std::ofstream(scratch_.path() + "/.tmp/1-1") << "half";
  EXPECT_EQ(run_task(store_.collect_leftovers()).value(), 1);
  EXPECT_FALSE(std::filesystem::exists(scratch_.path() + "/.tmp/1-1"));
}

TEST_F(FilesystemBlobStoreTest, follows_no_symbolic_link_out_of_its_root) {
  const ScratchFolder outside;
  put_blob(store_, sample_key(), "inside");
  std::filesystem::rename(scratch_.path() + "/acme", outside.path() + "/acme");
  std::filesystem::create_directory_symlink(outside.path() + "/acme", scratch_.path() + "/acme");

  EXPECT_FALSE(run_task(store_.open(sample_key())));
  EXPECT_FALSE(run_task(store_.remove(sample_key())));
  EXPECT_FALSE(run_task(store_.create(sample_key(2))));
  EXPECT_EQ(outside.files().size(), 1U);
}

TEST_F(FilesystemBlobStoreTest, opens_nothing_but_regular_files) {
  put_blob(store_, sample_key(1), "bytes");
  const std::string planted = scratch_.path() + "/" + sample_key(2);
  ASSERT_EQ(::mkfifo(planted.c_str(), 0600), 0);
  const auto opened = run_task(store_.open(sample_key(2)));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().errc(), Errc::kCorrupt);
}

TEST_F(FilesystemBlobStoreTest, publishes_again_after_a_folder_was_removed_under_it) {
  put_blob(store_, sample_key(1), "bytes");
  std::filesystem::remove_all(scratch_.path() + "/acme");
  std::filesystem::remove_all(scratch_.path() + "/.tmp");
  put_blob(store_, sample_key(2), "again");
  EXPECT_EQ(content_of(store_, sample_key(2)), "again");
}

TEST_F(FilesystemBlobStoreTest, never_shows_a_mixture_while_a_blob_is_replaced_repeatedly) {
  const std::vector<std::string> versions{sample_bytes(90'000, 1), sample_bytes(90'000, 2)};
  put_blob(store_, sample_key(), versions[0]);
  std::atomic<bool> writing = true;
  std::atomic<int> reads = 0;
  std::atomic<int> mixtures = 0;
  std::vector<std::jthread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (writing || reads == 0) {
        const std::string bytes = content_of(store_, sample_key());
        if (bytes != versions[0] && bytes != versions[1]) ++mixtures;
        ++reads;
      }
    });
  }
  for (std::size_t i = 0; i < 40; ++i) put_blob(store_, sample_key(), versions[i % 2]);
  writing = false;
  readers.clear();
  EXPECT_GT(reads, 0);
  EXPECT_EQ(mixtures, 0);
}

TEST_F(FilesystemBlobStoreTest, keeps_many_writers_at_once_apart) {
  constexpr int kWriters = 12;
  std::vector<std::jthread> writers;
  for (int i = 1; i <= kWriters; ++i) {
    writers.emplace_back(
        [this, i] { put_blob(store_, sample_key(i), sample_bytes(200'000, static_cast<unsigned>(i))); });
  }
  writers.clear();
  for (int i = 1; i <= kWriters; ++i) {
    EXPECT_EQ(content_of(store_, sample_key(i)), sample_bytes(200'000, static_cast<unsigned>(i))) << i;
  }
}

TEST(FilesystemBlobStoreStart, a_root_that_cannot_be_made_throws) {
  OffloadPool pool("files", 1);
  EXPECT_THROW(FilesystemBlobStore(pool, "/dev/null/blobs"), std::system_error);
}

}  // namespace
}  // namespace tapedeck
