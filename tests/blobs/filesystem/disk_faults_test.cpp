#include <cerrno>
#include <csignal>
#include <filesystem>
#include <memory>

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "blobs/filesystem/blob_store.hpp"
#include "tests/blobs/filesystem/scratch.hpp"
#include "tests/contract/blob_store_fixture.hpp"

namespace tapedeck {
namespace {

using contract::begin_blob;
using contract::content_of;
using contract::facts_of;
using contract::put_blob;
using contract::sample_bytes;
using contract::sample_key;

// System calls of which the n-th of each kind fails.
struct FailingCalls {
  int fail_write_at = 0;
  int fail_fsync_at = 0;
  int fail_rename_at = 0;
  int error = EIO;
  int writes = 0;
  int fsyncs = 0;
  int renames = 0;

  [[nodiscard]] int fails(int count, int at) const {
    if (count != at) return 0;
    errno = error;
    return -1;
  }
  FileSystemCalls calls() {
    FileSystemCalls calls;
    calls.write = [this](int fd, const void* bytes, size_t size) -> ssize_t {
      if (fails(++writes, fail_write_at) != 0) return -1;
      // Short writes are legal, so they happen all the time here.
      return ::write(fd, bytes, std::min<size_t>(size, 50'000));
    };
    calls.fsync = [this](int fd) { return fails(++fsyncs, fail_fsync_at) != 0 ? -1 : ::fsync(fd); };
    calls.renameat2 = [this](int from_folder, const char* from, int to_folder, const char* to, unsigned flags) {
      return fails(++renames, fail_rename_at) != 0 ? -1 : ::renameat2(from_folder, from, to_folder, to, flags);
    };
    return calls;
  }
  void reset() { *this = FailingCalls{}; }
};

// Writes and publishes; the error of whichever step failed.
Result<void> put_into(BlobStore& store, const std::string& key, const std::string& bytes) {
  const auto writer = run_task(store.create(key));
  if (!writer) return fail(writer.error());
  const Result<void> written = run_task((*writer)->write(bytes));
  if (!written) {
    // What follows the failure must not make it good again.
    EXPECT_FALSE(run_task((*writer)->publish(facts_of(bytes), {})));
    return written;
  }
  return run_task((*writer)->publish(facts_of(bytes), {}));
}

class DiskFaults : public testing::Test {
 protected:
  Result<void> try_put(const std::string& key, const std::string& bytes) { return put_into(store_, key, bytes); }
  void settle() {
    const auto settled = run_task(store_.ping());  // whether it works or not
    static_cast<void>(settled);
  }

  ScratchFolder scratch_;
  FailingCalls faults_;
  OffloadPool pool_{"files", 1};
  FilesystemBlobStore store_{pool_, scratch_.path(), faults_.calls()};
};

TEST_F(DiskFaults, an_error_of_write_ends_the_blob_with_its_cause) {
  faults_.fail_write_at = 3;
  faults_.error = ENOSPC;
  const Result<void> put = try_put(sample_key(), sample_bytes(200'000));
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().errc(), Errc::kNoSpace);
  EXPECT_EQ(put.error().detail, "cannot write: No space left on device");
  settle();
  EXPECT_TRUE(scratch_.files().empty());
}

struct ErrnoCase {
  int number;
  Errc code;
};
class DiskErrors : public DiskFaults, public testing::WithParamInterface<ErrnoCase> {};

TEST_P(DiskErrors, disk_errors_are_told_apart) {
  faults_.fail_write_at = 1;
  faults_.error = GetParam().number;
  const Result<void> put = try_put(sample_key(), sample_bytes(200'000));
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().errc(), GetParam().code);
}

INSTANTIATE_TEST_SUITE_P(Table, DiskErrors,
                         testing::Values(ErrnoCase{ENOSPC, Errc::kNoSpace}, ErrnoCase{EDQUOT, Errc::kNoSpace},
                                         ErrnoCase{EFBIG, Errc::kNoSpace}, ErrnoCase{EROFS, Errc::kReadOnly},
                                         ErrnoCase{EACCES, Errc::kReadOnly}, ErrnoCase{EIO, Errc::kIo},
                                         ErrnoCase{EBADF, Errc::kIo}));

TEST_F(DiskFaults, a_failed_fsync_of_the_file_loses_the_blob_and_is_not_tried_again) {
  const auto writer = begin_blob(store_, sample_key());
  ASSERT_TRUE(run_task(writer->write("bytes")));
  faults_.reset();
  faults_.fail_fsync_at = 1;
  const Result<void> published = run_task(writer->publish(facts_of("bytes"), {}));
  ASSERT_FALSE(published);
  EXPECT_EQ(published.error().errc(), Errc::kIo);
  EXPECT_EQ(faults_.fsyncs, 1);
  EXPECT_FALSE(run_task(writer->publish(facts_of("bytes"), {})));
  EXPECT_EQ(faults_.fsyncs, 1);
  EXPECT_EQ(content_of(store_, sample_key()), "missing");
}

TEST_F(DiskFaults, a_failure_at_any_step_of_publishing_shows_nothing_new_and_the_next_attempt_succeeds) {
  // How many steps there are: three folders on the way, the file, its folder.
  ASSERT_TRUE(try_put(sample_key(1), "first"));
  const int fsyncs = faults_.fsyncs;
  ASSERT_EQ(fsyncs, 5);

  for (int step = 1; step <= fsyncs; ++step) {
    std::filesystem::remove_all(scratch_.path() + "/acme");
    FailingCalls faults;
    faults.fail_fsync_at = step;
    FilesystemBlobStore store(pool_, scratch_.path(), faults.calls());
    const Result<void> put = put_into(store, sample_key(2), "second");
    ASSERT_FALSE(put) << "fsync " << step;
    EXPECT_EQ(put.error().errc(), Errc::kIo) << "fsync " << step;
    EXPECT_EQ(content_of(store, sample_key(2)), "missing") << "fsync " << step;
    put_blob(store, sample_key(2), "second");
    EXPECT_EQ(content_of(store, sample_key(2)), "second") << "fsync " << step;
  }
}

TEST_F(DiskFaults, a_new_folder_is_flushed_once_and_its_parents_not_again) {
  ASSERT_TRUE(try_put(sample_key(1), "first"));
  faults_.reset();
  ASSERT_TRUE(try_put(sample_key(2), "second"));
  EXPECT_EQ(faults_.fsyncs, 2);  // file and folder
  faults_.reset();
  const BlobName elsewhere{*BusinessId::parse("acme"), *AccountSid::parse("AC00000000000000000000000000000001"),
                           *RecordingSid::parse("RE000000000000000000000000000000ff"), 1, AudioKind::kMpeg};
  ASSERT_TRUE(try_put(blob_key(elsewhere), "third"));
  EXPECT_EQ(faults_.fsyncs, 3);  // the new folder's name too
}

TEST_F(DiskFaults, a_failed_replacement_leaves_the_old_blob) {
  ASSERT_TRUE(try_put(sample_key(), "old"));
  faults_.reset();
  faults_.fail_fsync_at = 2;  // of the folder, after the names were exchanged
  const Result<void> replaced = try_put(sample_key(), "new");
  ASSERT_FALSE(replaced);
  EXPECT_EQ(faults_.renames, 3);
  EXPECT_EQ(content_of(store_, sample_key()), "old");
}

TEST_F(DiskFaults, a_failed_rename_shows_nothing) {
  faults_.fail_rename_at = 1;
  const Result<void> put = try_put(sample_key(), "bytes");
  ASSERT_FALSE(put);
  EXPECT_EQ(content_of(store_, sample_key()), "missing");
  settle();
  EXPECT_TRUE(scratch_.files().empty());
}

TEST_F(DiskFaults, stored_blobs_stay_readable) {
  ASSERT_TRUE(try_put(sample_key(1), "stored before"));
  faults_.reset();
  faults_.fail_write_at = 1;
  faults_.error = ENOSPC;
  EXPECT_FALSE(try_put(sample_key(2), sample_bytes(200'000)));
  EXPECT_EQ(content_of(store_, sample_key(1)), "stored before");
}

TEST_F(DiskFaults, ping_fails_with_the_reason_when_nothing_can_be_written) {
  faults_.fail_fsync_at = 1;
  const Result<void> answer = run_task(store_.ping());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().errc(), Errc::kIo);
  EXPECT_TRUE(run_task(store_.ping()));
  EXPECT_TRUE(scratch_.files().empty());
}

// Runs `work` in a process of its own and returns its exit status.
template <class Work>
int in_child(Work work) {
  const pid_t child = ::fork();
  if (child == 0) {
    int status = 99;
    try {
      status = work();
    } catch (...) {
    }
    ::_exit(status);
  }
  int status = 0;
  (void)::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

constexpr int kCrashed = 42;

// Ends the process at the n-th system call that changes the disk; 0 when there were fewer.
int write_and_crash(const std::string& root, int crash_at) {
  int calls_made = 0;
  const auto count = [&] {
    if (++calls_made == crash_at) ::_exit(kCrashed);
  };
  FileSystemCalls calls;
  calls.write = [&](int fd, const void* bytes, size_t size) {
    const ssize_t written = ::write(fd, bytes, size / 2 + 1);
    count();
    return written;
  };
  calls.fsync = [&](int fd) {
    count();
    return ::fsync(fd);
  };
  calls.renameat2 = [&](int from_folder, const char* from, int to_folder, const char* to, unsigned flags) {
    count();
    return ::renameat2(from_folder, from, to_folder, to, flags);
  };
  OffloadPool pool("files", 1);
  FilesystemBlobStore store(pool, root, calls);
  put_blob(store, sample_key(), sample_bytes(300'000));
  return 0;
}

TEST(Crash, a_crash_at_any_step_leaves_the_whole_blob_or_none_and_the_rest_is_collected) {
  int crashes = 0;
  int leftovers = 0;
  for (int step = 1;; ++step) {
    const ScratchFolder scratch;
    const int status = in_child([&] { return write_and_crash(scratch.path(), step); });
    if (status == 0) break;
    ASSERT_EQ(status, kCrashed);
    ++crashes;

    OffloadPool pool("files", 1);
    FilesystemBlobStore store(pool, scratch.path());
    const std::string content = content_of(store, sample_key());
    const bool whole = content == sample_bytes(300'000);
    EXPECT_TRUE(whole || content == "missing") << "step " << step;
    const auto left = static_cast<int>(scratch.files(".tmp").size());
    leftovers += left;
    EXPECT_LE(left, whole ? 0 : 1) << "step " << step;
    EXPECT_EQ(run_task(store.collect_leftovers()).value(), left) << "step " << step;
    EXPECT_TRUE(scratch.files(".tmp").empty()) << "step " << step;
  }
  EXPECT_GE(crashes, 10);
  EXPECT_GE(leftovers, 5);
}

// A small disk of its own, where the rights suffice; elsewhere a limit on the size of files stands for it.
int fill_small_disk(const std::string& root) {
  const bool own_disk = ::mount("tapedeck-test", root.c_str(), "tmpfs", 0, "size=1m") == 0;
  if (!own_disk) {
    (void)std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1 << 20, 1 << 20};
    (void)::setrlimit(RLIMIT_FSIZE, &limit);
  }
  int wrong = 0;
  {
    OffloadPool pool("files", 1);
    FilesystemBlobStore store(pool, root);
    put_blob(store, sample_key(1), "stored before");
    {
      const auto writer = begin_blob(store, sample_key(2));
      Result<void> written;
      for (int i = 0; i < 20 && written; ++i) written = run_task(writer->write(sample_bytes(200'000)));
      if (written || written.error().errc() != Errc::kNoSpace) wrong |= 1;
    }
    if (content_of(store, sample_key(1)) != "stored before") wrong |= 2;
    if (content_of(store, sample_key(2)) != "missing") wrong |= 4;
    // The space of the failed one is free again.
    put_blob(store, sample_key(3), sample_bytes(500'000));
    if (content_of(store, sample_key(3)) != sample_bytes(500'000)) wrong |= 8;
  }
  if (own_disk) (void)::umount2(root.c_str(), MNT_DETACH);
  return testing::Test::HasFailure() ? 16 : wrong;
}

TEST(FullDisk, a_full_disk_fails_the_blob_with_its_cause_and_keeps_the_others) {
  const ScratchFolder scratch;
  EXPECT_EQ(in_child([&] { return fill_small_disk(scratch.path()); }), 0);
}

constexpr uid_t kNobody = 65534;

// Becomes somebody to whom permissions apply.
int write_into_read_only(const std::string& root) {
  if (::geteuid() == 0 && (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0)) return 32;
  OffloadPool pool("files", 1);
  FilesystemBlobStore store(pool, root);
  int wrong = 0;
  const auto created = run_task(store.create(sample_key(2)));
  if (created || created.error().errc() != Errc::kReadOnly) wrong |= 1;
  const Result<void> answer = run_task(store.ping());
  if (answer || answer.error().errc() != Errc::kReadOnly) wrong |= 2;
  return wrong;
}

TEST(ReadOnlyDisk, a_read_only_disk_refuses_new_blobs_with_its_cause) {
  const ScratchFolder scratch;
  ASSERT_EQ(::chmod(scratch.path().c_str(), 0555), 0);
  EXPECT_EQ(in_child([&] { return write_into_read_only(scratch.path()); }), 0);
  ASSERT_EQ(::chmod(scratch.path().c_str(), 0755), 0);
}

// A read-only mount, where the rights suffice to make one.
int remount_read_only(const std::string& root) {
  if (::mount("tapedeck-test", root.c_str(), "tmpfs", 0, "size=4m") != 0) return write_into_read_only(root);
  int wrong = 0;
  {
    OffloadPool pool("files", 1);
    FilesystemBlobStore store(pool, root);
    put_blob(store, sample_key(1), "stored before");
    if (::mount(nullptr, root.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) != 0) wrong |= 64;
    const auto created = run_task(store.create(sample_key(2)));
    if (created || created.error().errc() != Errc::kReadOnly) wrong |= 1;
    const Result<void> removed = run_task(store.remove(sample_key(1)));
    if (removed || removed.error().errc() != Errc::kReadOnly) wrong |= 2;
    FilesystemBlobStore later(pool, root);
    if (content_of(later, sample_key(1)) != "stored before") wrong |= 4;
    // Recovers without a restart.
    if (::mount(nullptr, root.c_str(), nullptr, MS_REMOUNT, nullptr) != 0) wrong |= 64;
    put_blob(store, sample_key(2), "written again");
    if (content_of(later, sample_key(2)) != "written again") wrong |= 8;
  }
  (void)::umount2(root.c_str(), MNT_DETACH);
  return testing::Test::HasFailure() ? 16 : wrong;
}

TEST(ReadOnlyDisk, a_read_only_disk_keeps_blobs_readable_and_takes_blobs_again_once_writable) {
  const ScratchFolder scratch;
  ASSERT_EQ(::chmod(scratch.path().c_str(), 0555), 0);
  EXPECT_EQ(in_child([&] { return remount_read_only(scratch.path()); }), 0);
  ASSERT_EQ(::chmod(scratch.path().c_str(), 0755), 0);
}

}  // namespace
}  // namespace tapedeck
