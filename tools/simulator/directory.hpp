#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/time.hpp"
#include "body.hpp"

namespace tapedeck::simulator {

/// Most bytes of one audio file of the data folder. Files are held in memory.
inline constexpr std::uintmax_t kMaxAudioFileBytes = 256U << 20U;

/// A provider account. `parent` is empty for a main account.
struct Account {
  std::string sid;
  std::string token;
  std::string parent;
  std::string friendly_name;
  /// Label for those of its recordings that name no business.
  std::string business;
  /// Secrets of API keys by their SK SID. A key opens its own account only; a main account's token opens its
  /// sub-accounts too.
  std::map<std::string, std::string, std::less<>> keys;
};

struct Call {
  std::string sid;
  std::string account;
  std::string from;
  std::string to;
  std::string direction;
  std::string status;
  SystemTime started_at;
  Seconds duration{0};
  /// Recording SIDs in the order in which they were added.
  std::vector<std::string> recordings;
};

struct Recording {
  std::string sid;
  std::string account;
  std::string call;
  /// Free label for the statistics; a business of the server under test.
  std::string business;
  std::string status;
  std::string source;
  std::string track;
  int channels = 1;
  Milliseconds duration{0};
  SystemTime created_at;
  std::optional<std::int64_t> error_code;
  std::uint64_t seed = 0;
  /// Audio files by "mp3", "wav", or with a channel count, "wav_2". Empty: synthetic audio.
  std::map<std::string, std::shared_ptr<const std::string>, std::less<>> files;
};

enum class AudioFormat { kMp3, kWav };

/// "mp3" or "wav".
[[nodiscard]] std::string_view extension_of(AudioFormat format) noexcept;

/// The accounts, calls and recordings of the simulator. Pointers into it stay valid until clear().
class Directory {
 public:
  /// Newest first, as the provider lists them.
  using ListKey = std::pair<SystemTime, std::string>;
  using List = std::set<ListKey, std::greater<>>;

  /// `data` is the folder that audio files come from. `seed` makes invented SIDs, numbers and sounds repeatable.
  Directory(std::filesystem::path data, std::uint64_t seed) : data_(std::move(data)), seed_(seed) {}

  /// Replaces an account of the same SID.
  void put_account(Account account);
  [[nodiscard]] const Account* account(std::string_view sid) const;
  [[nodiscard]] const std::map<std::string, Account, std::less<>>& accounts() const { return accounts_; }
  /// The account of an API key, or nullptr.
  [[nodiscard]] const Account* account_of_key(std::string_view key_sid) const;

  /// Fills empty fields (SID, numbers) with invented values. Error kConflict when the SID belongs to another account.
  Result<const Call*> put_call(Call call);
  [[nodiscard]] const Call* call(std::string_view sid) const;

  /// Fills empty fields, and adds the call if it is unknown. Error kConflict when the SID is taken, kNotFound for an
  /// unknown account.
  Result<const Recording*> add_recording(Recording recording);
  [[nodiscard]] Recording* recording(std::string_view sid);
  /// The recordings of an account, newest first.
  [[nodiscard]] const List& list(std::string_view account) const;
  [[nodiscard]] std::size_t recording_count() const { return recordings_.size(); }

  /// The media of a recording; empty when it has files, but none of this format.
  [[nodiscard]] static std::optional<Body> media(const Recording& recording, AudioFormat format, int channels);

  /// Loads a file of the data folder; later calls share it. Error kInvalidArgument for a name that leaves the folder,
  /// kNotFound, kTooLarge.
  Result<std::shared_ptr<const std::string>> audio_file(const std::string& name);

  void clear();

 private:
  std::string invent_sid(std::string_view prefix);

  std::filesystem::path data_;
  std::uint64_t seed_;
  std::uint64_t invented_ = 0;
  std::map<std::string, Account, std::less<>> accounts_;
  std::map<std::string, std::string, std::less<>> key_owners_;
  std::map<std::string, Call, std::less<>> calls_;
  std::map<std::string, Recording, std::less<>> recordings_;
  std::map<std::string, List, std::less<>> lists_;
  std::map<std::string, std::shared_ptr<const std::string>, std::less<>> audio_files_;
};

}  // namespace tapedeck::simulator
