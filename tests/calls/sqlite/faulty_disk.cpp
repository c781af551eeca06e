#include "tests/calls/sqlite/faulty_disk.hpp"

#include <new>
#include <stdexcept>

#include <sqlite3.h>

// SQLite's interface for a VFS: www.sqlite.org/vfs.html. Each file of ours is followed in memory by the file of the
// default layer.

namespace tapedeck {
namespace {

FaultyDisk* g_disk = nullptr;  // SQLite's callbacks carry no pointer of ours
sqlite3_vfs* g_below = nullptr;

struct File {
  sqlite3_file base;

  [[nodiscard]] static sqlite3_file* below(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(reinterpret_cast<File*>(file) + 1);
  }
};

int close_file(sqlite3_file* file) { return File::below(file)->pMethods->xClose(File::below(file)); }
int read_file(sqlite3_file* file, void* data, int size, sqlite3_int64 offset) {
  return File::below(file)->pMethods->xRead(File::below(file), data, size, offset);
}
int write_file(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  const int fault = g_disk->before_write();
  if (fault != SQLITE_OK) return fault;
  return File::below(file)->pMethods->xWrite(File::below(file), data, size, offset);
}
int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  return File::below(file)->pMethods->xTruncate(File::below(file), size);
}
int sync_file(sqlite3_file* file, int flags) {
  const int fault = g_disk->before_sync();
  if (fault != SQLITE_OK || !g_disk->is_syncing()) return fault;
  return File::below(file)->pMethods->xSync(File::below(file), flags);
}
int file_size(sqlite3_file* file, sqlite3_int64* size) {
  return File::below(file)->pMethods->xFileSize(File::below(file), size);
}
int lock_file(sqlite3_file* file, int level) { return File::below(file)->pMethods->xLock(File::below(file), level); }
int unlock_file(sqlite3_file* file, int level) {
  return File::below(file)->pMethods->xUnlock(File::below(file), level);
}
int check_reserved_lock(sqlite3_file* file, int* result) {
  return File::below(file)->pMethods->xCheckReservedLock(File::below(file), result);
}
int file_control(sqlite3_file* file, int operation, void* argument) {
  return File::below(file)->pMethods->xFileControl(File::below(file), operation, argument);
}
int sector_size(sqlite3_file* file) { return File::below(file)->pMethods->xSectorSize(File::below(file)); }
int device_characteristics(sqlite3_file* file) {
  return File::below(file)->pMethods->xDeviceCharacteristics(File::below(file));
}
int map_shared(sqlite3_file* file, int page, int size, int extend, void volatile** memory) {
  return File::below(file)->pMethods->xShmMap(File::below(file), page, size, extend, memory);
}
int lock_shared(sqlite3_file* file, int offset, int count, int flags) {
  return File::below(file)->pMethods->xShmLock(File::below(file), offset, count, flags);
}
void shared_barrier(sqlite3_file* file) { File::below(file)->pMethods->xShmBarrier(File::below(file)); }
int unmap_shared(sqlite3_file* file, int is_deleting) {
  return File::below(file)->pMethods->xShmUnmap(File::below(file), is_deleting);
}

constexpr sqlite3_io_methods make_methods() {
  sqlite3_io_methods methods{};
  methods.iVersion = 2;  // with shared memory, which WAL needs; without memory-mapped files
  methods.xClose = close_file;
  methods.xRead = read_file;
  methods.xWrite = write_file;
  methods.xTruncate = truncate_file;
  methods.xSync = sync_file;
  methods.xFileSize = file_size;
  methods.xLock = lock_file;
  methods.xUnlock = unlock_file;
  methods.xCheckReservedLock = check_reserved_lock;
  methods.xFileControl = file_control;
  methods.xSectorSize = sector_size;
  methods.xDeviceCharacteristics = device_characteristics;
  methods.xShmMap = map_shared;
  methods.xShmLock = lock_shared;
  methods.xShmBarrier = shared_barrier;
  methods.xShmUnmap = unmap_shared;
  return methods;
}

constexpr sqlite3_io_methods kMethods = make_methods();
const std::string kName = FaultyDisk::name();
sqlite3_vfs g_vfs{};

int open_file(sqlite3_vfs*, const char* path, sqlite3_file* file, int flags, int* flags_out) {
  file->pMethods = nullptr;
  sqlite3_file* below = File::below(file);
  below->pMethods = nullptr;
  const int code = g_below->xOpen(g_below, path, below, flags, flags_out);
  if (below->pMethods != nullptr) file->pMethods = &kMethods;
  return code;
}

}  // namespace

FaultyDisk::FaultyDisk() {
  if (g_disk != nullptr) throw std::logic_error("one FaultyDisk at a time");
  g_disk = this;
  g_below = ::sqlite3_vfs_find(nullptr);
  g_vfs = *g_below;  // the functions that are about names and time are the default layer's own
  g_vfs.pNext = nullptr;
  g_vfs.zName = kName.c_str();
  g_vfs.szOsFile = static_cast<int>(sizeof(File)) + g_below->szOsFile;
  g_vfs.xOpen = open_file;
  ::sqlite3_vfs_register(&g_vfs, 0);
}

FaultyDisk::~FaultyDisk() {
  ::sqlite3_vfs_unregister(&g_vfs);
  g_disk = nullptr;
}

bool FaultyDisk::is_due() { return countdown_ >= 0 && countdown_.fetch_sub(1) == 0; }

int FaultyDisk::before_write() {
  if (fault_ == Fault::kFull) return SQLITE_FULL;
  if (fault_ == Fault::kWriteError || is_due()) return SQLITE_IOERR_WRITE;
  return SQLITE_OK;
}

int FaultyDisk::before_sync() {
  ++syncs_;
  if (fault_ == Fault::kSyncError || is_due()) return SQLITE_IOERR_FSYNC;
  return SQLITE_OK;
}

}  // namespace tapedeck
