#pragma once

#include <atomic>
#include <string>

namespace tapedeck {

/// A layer below SQLite (a "VFS") that passes everything on to the default one, counts, and fails on command.
/// One at a time in a process.
class FaultyDisk {
 public:
  enum class Fault { kNone, kFull, kWriteError, kSyncError };

  FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;
  ~FaultyDisk();

  /// For DatabaseOptions::vfs.
  [[nodiscard]] static std::string name() { return "tapedeck-faulty"; }

  /// Every write (kFull, kWriteError) or sync (kSyncError) fails from now on, until heal().
  void break_down(Fault fault) { fault_ = fault; }
  /// The write or sync after `operations` more of either fails, once: a full disk or an input/output error.
  void fail_once_after(int operations) { countdown_ = operations; }
  void heal() {
    fault_ = Fault::kNone;
    countdown_ = -1;
  }
  /// Syncs are answered without being done. For tests of what has nothing to do with the disk.
  void skip_syncs() { is_syncing_ = false; }

  [[nodiscard]] int syncs() const { return syncs_; }
  /// True once the fault of fail_once_after() has happened.
  [[nodiscard]] bool has_failed() const { return countdown_ < 0; }

  // What the layer asks before it passes a call on: SQLITE_OK, or the error to answer.
  [[nodiscard]] int before_write();
  [[nodiscard]] int before_sync();
  [[nodiscard]] bool is_syncing() const { return is_syncing_; }

 private:
  [[nodiscard]] bool is_due();

  std::atomic<Fault> fault_ = Fault::kNone;
  std::atomic<int> countdown_ = -1;
  std::atomic<int> syncs_ = 0;
  std::atomic<bool> is_syncing_ = true;
};

}  // namespace tapedeck
