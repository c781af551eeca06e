#include "directory.hpp"

#include <fstream>
#include <iterator>
#include <system_error>

#include <fmt/format.h>

namespace tapedeck::simulator {
namespace {

std::string invent_number(std::uint64_t seed) { return fmt::format("+1415555{:04}", mix(seed) % 10000); }

}  // namespace

std::string_view extension_of(AudioFormat format) noexcept { return format == AudioFormat::kMp3 ? "mp3" : "wav"; }

void Directory::put_account(Account account) {
  for (const auto& [key_sid, secret] : account.keys) key_owners_[key_sid] = account.sid;
  std::string sid = account.sid;
  accounts_.insert_or_assign(std::move(sid), std::move(account));
}

const Account* Directory::account(std::string_view sid) const {
  const auto found = accounts_.find(sid);
  return found == accounts_.end() ? nullptr : &found->second;
}

const Account* Directory::account_of_key(std::string_view key_sid) const {
  const auto owner = key_owners_.find(key_sid);
  return owner == key_owners_.end() ? nullptr : account(owner->second);
}

Result<const Call*> Directory::put_call(Call call) {
  if (account(call.account) == nullptr) return fail(Errc::kNotFound, "the account is unknown: " + call.account);
  if (call.sid.empty()) call.sid = invent_sid("CA");
  if (call.from.empty()) call.from = invent_number(seed_of(seed_, call.sid));
  if (call.to.empty()) call.to = invent_number(seed_of(seed_ + 1, call.sid));
  const auto found = calls_.find(call.sid);
  if (found != calls_.end()) {
    if (found->second.account != call.account) {
      return fail(Errc::kConflict, "the call belongs to another account: " + call.sid);
    }
    call.recordings = found->second.recordings;
  }
  std::string sid = call.sid;
  return &calls_.insert_or_assign(std::move(sid), std::move(call)).first->second;
}

const Call* Directory::call(std::string_view sid) const {
  const auto found = calls_.find(sid);
  return found == calls_.end() ? nullptr : &found->second;
}

Result<const Recording*> Directory::add_recording(Recording recording) {
  const Account* owner = account(recording.account);
  if (owner == nullptr) return fail(Errc::kNotFound, "the account is unknown: " + recording.account);
  if (recording.business.empty()) recording.business = owner->business;
  if (recording.sid.empty()) recording.sid = invent_sid("RE");
  if (recordings_.contains(recording.sid)) return fail(Errc::kConflict, "the recording exists: " + recording.sid);
  const auto known_call = calls_.find(recording.call);
  if (known_call == calls_.end()) {
    Call call;
    call.sid = recording.call;
    call.account = recording.account;
    call.direction = "inbound";
    call.status = "completed";
    call.started_at = recording.created_at;
    call.duration = std::chrono::ceil<Seconds>(recording.duration);
    const auto made = put_call(std::move(call));
    if (!made) return fail(made.error());
    recording.call = (*made)->sid;
  } else if (known_call->second.account != recording.account) {
    return fail(Errc::kConflict, "the call belongs to another account: " + recording.call);
  }
  calls_.find(recording.call)->second.recordings.push_back(recording.sid);
  recording.seed = seed_of(seed_, recording.sid);
  lists_[recording.account].emplace(recording.created_at, recording.sid);
  std::string sid = recording.sid;
  return &recordings_.emplace(std::move(sid), std::move(recording)).first->second;
}

Recording* Directory::recording(std::string_view sid) {
  const auto found = recordings_.find(sid);
  return found == recordings_.end() ? nullptr : &found->second;
}

const Directory::List& Directory::list(std::string_view account) const {
  static const List empty;
  const auto found = lists_.find(account);
  return found == lists_.end() ? empty : found->second;
}

std::optional<Body> Directory::media(const Recording& recording, AudioFormat format, int channels) {
  if (recording.files.empty()) {
    return format == AudioFormat::kMp3 ? Body::of_mp3(recording.seed, recording.duration, channels)
                                       : Body::of_wav(recording.seed, recording.duration, channels);
  }
  auto file = recording.files.find(fmt::format("{}_{}", extension_of(format), channels));
  if (file == recording.files.end()) file = recording.files.find(extension_of(format));
  if (file == recording.files.end()) return std::nullopt;
  return Body::of_shared(file->second);
}

Result<std::shared_ptr<const std::string>> Directory::audio_file(const std::string& name) {
  if (const auto found = audio_files_.find(name); found != audio_files_.end()) return found->second;
  const std::filesystem::path relative = std::filesystem::path(name).lexically_normal();
  if (data_.empty()) return fail(Errc::kInvalidArgument, "audio files need the option --data");
  if (name.empty() || relative.is_absolute() || *relative.begin() == "..") {
    return fail(Errc::kInvalidArgument, "the file must be inside the data folder: " + name);
  }
  const std::filesystem::path path = data_ / relative;
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error) return fail(Errc::kNotFound, fmt::format("the file cannot be read: {}: {}", name, error.message()));
  if (size > kMaxAudioFileBytes) return fail(Errc::kTooLarge, "the file is too large: " + name);
  std::ifstream stream(path, std::ios::binary);
  auto bytes =
      std::make_shared<const std::string>(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  if (bytes->size() != size) return fail(Errc::kIo, "the file changed while it was read: " + name);
  audio_files_.emplace(name, bytes);
  return bytes;
}

void Directory::clear() {
  accounts_.clear();
  key_owners_.clear();
  calls_.clear();
  recordings_.clear();
  lists_.clear();
  audio_files_.clear();
  invented_ = 0;
}

std::string Directory::invent_sid(std::string_view prefix) {
  const std::uint64_t base = seed_of(seed_ + ++invented_, prefix);
  return fmt::format("{}{:016x}{:016x}", prefix, mix(base), mix(base + 1));
}

}  // namespace tapedeck::simulator
