#include "main/secret_key.hpp"

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/encoding.hpp"
#include "base/secret_box.hpp"
#include "main/data_dir.hpp"

namespace tapedeck {
namespace {

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

std::unexpected<Error> refuse(const std::filesystem::path& path) {
  return fail(Errc::kIo, fmt::format("{}: {}", path.string(), std::generic_category().message(errno)));
}

Result<std::string> read_key(const std::filesystem::path& path) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (file.get() < 0) return refuse(path);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return refuse(path);
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return fail(Errc::kForbidden,
                fmt::format("{}: others may read this key; mend it with: chmod 600 {}", path.string(), path.string()));
  }
  std::array<char, 128> text{};
  const ssize_t count = ::read(file.get(), text.data(), text.size());
  if (count < 0) return refuse(path);
  std::string_view base64(text.data(), static_cast<std::size_t>(count));
  while (base64.ends_with('\n')) base64.remove_suffix(1);
  auto key = from_base64(base64);
  if (!key || key->size() != kSecretKeyBytes) {
    return fail(Errc::kCorrupt, fmt::format("{}: expected 32 bytes in base64; restore it from a backup, for without it "
                                            "the businesses' provider credentials cannot be read",
                                            path.string()));
  }
  return key;
}

// Writes the key beside its place, then links it there. Another process sees the whole file or none; where two
// processes write at the same time, the first one wins.
Result<void> write_key(const std::filesystem::path& path, std::string_view key, Random& random) {
  const std::filesystem::path draft = path.string() + "." + to_hex(random.bytes(8));
  const File file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (file.get() < 0) return refuse(draft);
  const std::string text = to_base64(key) + "\n";
  const bool written = ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       ::fsync(file.get()) == 0 && (::link(draft.c_str(), path.c_str()) == 0 || errno == EEXIST);
  const int problem = errno;
  ::unlink(draft.c_str());
  const File directory(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (written && directory.get() >= 0 && ::fsync(directory.get()) == 0) return {};
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
  return fail(Errc::kConflict, fmt::format("{} holds another key than the one that is used now", path.string()));
}

}  // namespace tapedeck
