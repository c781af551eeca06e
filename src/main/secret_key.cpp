#include "main/secret_key.hpp"

#include <array>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/encoding.hpp"
#include "base/secret_box.hpp"
#include "blobs/filesystem/file_descriptor.hpp"
#include "main/data_dir.hpp"

namespace tapedeck {
namespace {

std::unexpected<Error> refuse(const std::filesystem::path& path) {
  return fail(Errc::kIo, fmt::format("{}: {}", path.string(), std::generic_category().message(errno)));
}

Result<std::string> read_key(const std::filesystem::path& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return refuse(path);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return refuse(path);
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return fail(Errc::kForbidden, fmt::format("{}: other users can read this key; correct it with: chmod 600 {}",
                                              path.string(), path.string()));
  }
  std::array<char, 128> text{};
  const ssize_t count = ::read(file.get(), text.data(), text.size());
  if (count < 0) return refuse(path);
  std::string_view base64(text.data(), static_cast<std::size_t>(count));
  while (base64.ends_with('\n')) base64.remove_suffix(1);
  auto key = from_base64(base64);
  if (!key || key->size() != kSecretKeyBytes) {
    return fail(Errc::kCorrupt, fmt::format("{}: expected 32 bytes in base64; restore the file from a backup, because "
                                            "the businesses' provider credentials cannot be read without it",
                                            path.string()));
  }
  return key;
}

// Writes a draft, then links it to its place: another process sees a complete file or none, and of two processes that
// create a key at the same time the first one wins.
Result<void> write_key(const std::filesystem::path& path, std::string_view key, Random& random) {
  const std::filesystem::path draft = path.string() + "." + to_hex(random.bytes(8));
  const FileDescriptor file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file) return refuse(draft);
  const std::string text = to_base64(key) + "\n";
  const bool written = ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       ::fsync(file.get()) == 0 && (::link(draft.c_str(), path.c_str()) == 0 || errno == EEXIST);
  const int problem = errno;
  ::unlink(draft.c_str());
  const FileDescriptor directory(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (written && directory && ::fsync(directory.get()) == 0) return {};
  if (!written) errno = problem;
  return refuse(path);
}

}  // namespace

Result<std::string> load_secret_key(const Settings& settings, Random& random) {
  if (!settings.secret_key.empty()) return settings.secret_key;
  if (auto made = make_data_dir(settings.data_dir); !made) return fail(made.error());
  const std::filesystem::path path = settings.data_dir / kSecretKeyFile;
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    if (auto made = write_key(path, random.bytes(kSecretKeyBytes), random); !made) return fail(made.error());
  }
  return read_key(path);
}

Result<void> keep_secret_key(const std::filesystem::path& folder, std::string_view key, Random& random) {
  const std::filesystem::path path = folder / kSecretKeyFile;
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    if (auto made = write_key(path, key, random); !made) return made;
  }
  const auto kept = read_key(path);
  if (!kept) return fail(kept.error());
  if (*kept == key) return {};
  return fail(Errc::kConflict, fmt::format("{} holds another key than the one in use", path.string()));
}

}  // namespace tapedeck
