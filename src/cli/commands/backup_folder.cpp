#include "cli/commands/backup_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <memory>
#include <system_error>

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/sha256_stream.hpp"
#include "blobs/filesystem/file_descriptor.hpp"

namespace tapedeck {
namespace {

constexpr int kFormat = 1;
constexpr std::size_t kChunkBytes = 1024 * 1024;

FileDescriptor open_file(const std::filesystem::path& path, int flags) {
  return FileDescriptor(::open(path.c_str(), flags | O_CLOEXEC, 0600));
}

std::unexpected<Error> refuse(const std::filesystem::path& path) {
  const int code = errno;
  const Errc errc = code == ENOSPC   ? Errc::kNoSpace
                    : code == EROFS  ? Errc::kReadOnly
                    : code == EEXIST ? Errc::kConflict
                                     : Errc::kIo;
  return fail(errc, fmt::format("{}: {}", path.string(), std::generic_category().message(code)));
}

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file, bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) return false;
    if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

// Passes every piece of a file to `take`, whose error ends the reading.
template <class Take>
Result<void> read_pieces(const std::filesystem::path& path, Take take) {
  const FileDescriptor file = open_file(path, O_RDONLY);
  if (!file) return refuse(path);
  const auto buffer = std::make_unique<char[]>(kChunkBytes);
  while (true) {
    const ssize_t count = ::read(file.get(), buffer.get(), kChunkBytes);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return refuse(path);
    if (count == 0) return {};
    if (auto taken = take(std::string_view(buffer.get(), static_cast<std::size_t>(count))); !taken) return taken;
  }
}

std::unexpected<Error> damaged(const std::filesystem::path& path) {
  return fail(Errc::kCorrupt, fmt::format("{}: tapedeck backup did not write this file", path.string()));
}

}  // namespace

Result<void> expect_embedded(const Settings& settings, std::string_view command) {
  if (settings.database_url.empty() && settings.storage_url.empty()) return {};
  return fail(Errc::kInvalidArgument,
              fmt::format("tapedeck {} works on a database and recordings in DATA_DIR, without DATABASE_URL and "
                          "STORAGE_URL. Use pg_dump or standbys for PostgreSQL, versions or replication for buckets",
                          command));
}

Result<BackupManifest> read_manifest(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / kManifestFile;
  std::ifstream file(path);
  if (!file) {
    return fail(Errc::kNotFound,
                fmt::format("{}: there is no finished backup: {} is missing", folder.string(), kManifestFile));
  }
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  try {
    const boost::json::value parsed = boost::json::parse(text);
    const boost::json::object& object = parsed.as_object();
    if (object.at("format").to_number<int>() != kFormat) {
      return fail(Errc::kConflict, fmt::format("{}: a newer version of Tapedeck made this backup", path.string()));
    }
    BackupManifest manifest;
    manifest.database = std::string(object.at("database").as_string());
    manifest.database_sha256 = std::string(object.at("database_sha256").as_string());
    manifest.made_at = std::string(object.at("made_at").as_string());
    manifest.recordings = object.at("recordings").to_number<std::int64_t>();
    manifest.bytes = object.at("bytes").to_number<std::uint64_t>();
    if (manifest.database.empty() || manifest.database.contains('/')) return damaged(path);
    return manifest;
  } catch (const std::exception&) {
    return damaged(path);
  }
}

Result<void> write_manifest(const std::filesystem::path& folder, const BackupManifest& manifest) {
  const boost::json::object object{
      {"format", kFormat},           {"database", manifest.database},     {"database_sha256", manifest.database_sha256},
      {"made_at", manifest.made_at}, {"recordings", manifest.recordings}, {"bytes", manifest.bytes}};
  const std::filesystem::path draft = folder / (std::string(kManifestFile) + ".new");
  {
    const FileDescriptor file = open_file(draft, O_WRONLY | O_CREAT | O_TRUNC);
    if (!file) return refuse(draft);
    if (!write_all(file.get(), boost::json::serialize(object) + "\n") || ::fsync(file.get()) != 0) return refuse(draft);
  }
  if (::rename(draft.c_str(), (folder / kManifestFile).c_str()) != 0) return refuse(draft);
  return sync_folder(folder);
}

Result<std::string> sha256_of_file(const std::filesystem::path& path) {
  Sha256Stream digest;
  const auto read = read_pieces(path, [&digest](std::string_view piece) -> Result<void> {
    digest.update(piece);
    return {};
  });
  if (!read) return fail(read.error());
  return digest.finish_hex();
}

Result<void> copy_file_durably(const std::filesystem::path& from, const std::filesystem::path& to) {
  const FileDescriptor file = open_file(to, O_WRONLY | O_CREAT | O_EXCL);
  if (!file) return refuse(to);
  const auto copied = read_pieces(from, [&](std::string_view piece) -> Result<void> {
    if (!write_all(file.get(), piece)) return refuse(to);
    return {};
  });
  if (!copied) return copied;
  if (::fsync(file.get()) != 0) return refuse(to);
  return sync_folder(to.parent_path());
}

Result<void> sync_folder(const std::filesystem::path& folder) {
  const FileDescriptor directory = open_file(folder, O_RDONLY | O_DIRECTORY);
  if (!directory || ::fsync(directory.get()) != 0) return refuse(folder);
  return {};
}

}  // namespace tapedeck
